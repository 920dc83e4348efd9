import type { ApolloServerPlugin } from "@apollo/server";
import { Kind, type OperationDefinitionNode } from "graphql";
import type { RequestContext } from "../context.js";

export type OnRequest = (operation: string, outcome: string, seconds: number) => void;

/** Tells of every GraphQL request by its root field and what came of it: `ok`, or the code of its first error. */
export function metricsPlugin(onRequest: OnRequest): ApolloServerPlugin<RequestContext> {
  return {
    async requestDidStart() {
      const start = performance.now();
      return {
        async willSendResponse({ operation, response: { body } }) {
          const errors = body.kind === "single" ? body.singleResult.errors : body.initialResult.errors;
          const code = errors?.[0]?.extensions?.code;
          const outcome = errors === undefined ? "ok" : typeof code === "string" ? code : "error";
          onRequest(operationLabel(operation), outcome, (performance.now() - start) / 1_000);
        },
      };
    },
  };
}

/** From the schema's names alone: an operation's own name, or an alias, is the caller's and would make endless series. */
export function operationLabel(operation: OperationDefinitionNode | undefined): string {
  if (operation === undefined) return "invalid";
  const fields = operation.selectionSet.selections.map((selection) =>
    selection.kind === Kind.FIELD ? selection.name.value : "fragment",
  );
  const names = new Set(fields);
  return names.size === 1 ? `${operation.operation} ${fields[0]}` : `${operation.operation} several`;
}
