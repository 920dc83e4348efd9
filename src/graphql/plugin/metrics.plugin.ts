import type { ApolloServerPlugin } from "@apollo/server";
import type { RequestContext } from "../context.js";
import { operationLabel, outcomeLabel } from "../request-labels.js";

export type OnRequest = (operation: string, outcome: string, seconds: number) => void;

/** Tells of every GraphQL request by its root field and what came of it: `ok`, or the code of its first error. */
export function metricsPlugin(onRequest: OnRequest): ApolloServerPlugin<RequestContext> {
  return {
    async requestDidStart() {
      const start = performance.now();
      return {
        async willSendResponse({ schema, operation, response: { body } }) {
          const { errors } = body.kind === "single" ? body.singleResult : body.initialResult;
          const seconds = (performance.now() - start) / 1_000;
          onRequest(operationLabel(schema, operation), outcomeLabel(errors), seconds);
        },
      };
    },
  };
}
