import type {
  ApolloServerPlugin,
  GraphQLRequestContextDidResolveOperation,
  GraphQLRequestContextWillSendResponse,
} from "@apollo/server";
import { GraphQLError } from "graphql";
import { StrataError } from "../../domain/errors.js";
import { yieldToEventLoop } from "../../service/yield-to-event-loop.js";
import { isTooLarge } from "../answer-size.js";
import type { RequestContext } from "../context.js";
import { costOf } from "../operation-cost.js";
import { QUERY_LIMITS, tooComplex } from "../query-limits.js";
import { checkVariables } from "../variables.js";

type Resolved = GraphQLRequestContextDidResolveOperation<RequestContext>;

type Sent = GraphQLRequestContextWillSendResponse<RequestContext>;

/**
 * Refuses operations that would cost too much before anything is executed, and answers too large to send.
 * @param onSound hears of each answer that is not
 */
export function limitsPlugin(onSound: (sent: Sent) => void): ApolloServerPlugin<RequestContext> {
  return {
    async requestDidStart() {
      return {
        async didResolveOperation(resolved) {
          try {
            checkOperation(resolved);
          } catch (error) {
            if (!(error instanceof StrataError)) throw error;
            throw new GraphQLError(error.message, {
              originalError: error,
              extensions: { http: { status: 400 } },
            });
          }
        },
        async willSendResponse(sent) {
          const { operation, response } = sent;
          await yieldToEventLoop();
          if (response.body.kind !== "single") return;
          if (!isTooLarge(response.body.singleResult)) {
            onSound(sent);
            return;
          }
          response.body.singleResult = {
            data: null,
            errors: [tooLarge(operation?.operation === "mutation")],
          };
        },
      };
    },
  };
}

function checkOperation({ schema, document, operation, request, contextValue }: Resolved): void {
  if (!operation) return;
  if (!schema.getRootType(operation.operation)) {
    throw new StrataError("BAD_USER_INPUT", `There is no ${operation.operation} here.`);
  }
  const { variables = {} } = request;
  checkVariables(schema, document, operation, variables);
  const found = costOf(schema, document, operation, variables);
  if (found.cost > QUERY_LIMITS.cost)
    throw tooComplex(
      "cost",
      `The operation would cost more than ${QUERY_LIMITS.cost}: ask for less at once.`,
    );
  contextValue.work.cost = found;
}

function tooLarge(isWrite: boolean) {
  const { message, code, limit } = tooComplex(
    "response",
    `The answer is larger than ${QUERY_LIMITS.response} bytes: ask for less.${isWrite ? " All writes of the request have had their outcome: read to see it." : ""}`,
  );
  return { message, extensions: { code, limit } };
}
