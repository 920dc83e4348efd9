import type { GraphQLRequestContextWillSendResponse } from "@apollo/server";
import { Kind, type OperationDefinitionNode, OperationTypeNode } from "graphql";
import type { RequestContext } from "./context.js";
import type { PlannedQueries } from "./planned-queries.js";
import { operationLabel } from "./request-labels.js";

/** Root fields whose answers are made of the request, the caller's reach, and what the request's reader has read. */
const KEPT: ReadonlySet<string> = new Set(["account", "config", "systemConfig", "__typename"]);

/** Learns from what went the whole way without an error: how the next one of its kind can take a shorter way. */
export function learnFrom(
  planned: PlannedQueries,
  {
    schema,
    document,
    operation,
    request,
    contextValue,
    response: { body },
  }: GraphQLRequestContextWillSendResponse<RequestContext>,
): void {
  if (!document || !operation || body.kind !== "single" || body.singleResult.errors) return;
  const isKept = mayBeKept(operation);
  const label = operationLabel(schema, operation);
  if (isKept) contextValue.outcome.keepAs = label;
  const { cost } = contextValue.work;
  if (cost === undefined) return;
  planned.learn(request.query ?? "", request.operationName, {
    schema,
    document,
    operation,
    cost,
    label,
    isKept,
  });
}

function mayBeKept({ operation, selectionSet }: OperationDefinitionNode): boolean {
  return (
    operation === OperationTypeNode.QUERY &&
    selectionSet.selections.every(
      (selection) => selection.kind === Kind.FIELD && KEPT.has(selection.name.value),
    )
  );
}
