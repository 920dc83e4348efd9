import type { ApolloServerPlugin } from "@apollo/server";
import { Kind, type OperationDefinitionNode, OperationTypeNode } from "graphql";
import type { RequestContext } from "../context.js";
import { operationLabel } from "./metrics.plugin.js";

/** Root fields whose answers are made of the request, the caller's reach, and what the request's reader has read. */
const KEPT: ReadonlySet<string> = new Set(["account", "config", "systemConfig", "__typename"]);

/** Says of a request when its answer may be kept, and under which label. */
export function keepingPlugin(): ApolloServerPlugin<RequestContext> {
  return {
    async requestDidStart() {
      return {
        async willSendResponse({ operation, contextValue, response: { body } }) {
          if (operation === undefined || body.kind !== "single" || body.singleResult.errors) return;
          if (isKept(operation)) contextValue.outcome.keepAs = operationLabel(operation);
        },
      };
    },
  };
}

const known = new WeakMap<OperationDefinitionNode, boolean>();

function isKept(operation: OperationDefinitionNode): boolean {
  const found =
    known.get(operation) ??
    (operation.operation === OperationTypeNode.QUERY &&
      operation.selectionSet.selections.every(
        (selection) => selection.kind === Kind.FIELD && KEPT.has(selection.name.value),
      ));
  known.set(operation, found);
  return found;
}
