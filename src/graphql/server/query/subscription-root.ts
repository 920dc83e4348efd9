import { ApolloServerErrorCode } from "@apollo/server/errors";
import { type DocumentNode, Kind, OperationTypeNode, parse, type SelectionSetNode } from "graphql";
import { QueryRefusal } from "./query-refusal.js";

/**
 * Refuses a subscription whose one root field depends on a directive. GraphQL forbids that; graphql-js 16 collects the root fields
 * without the variables, and the error that it throws then is taken for a fault of ours.
 * @throws QueryRefusal
 */
export function checkSubscriptionRoot(text: string): void {
  if (!text.includes(OperationTypeNode.SUBSCRIPTION)) return;
  const document = parsed(text);
  const isConditional = document?.definitions.some(
    (each) =>
      each.kind === Kind.OPERATION_DEFINITION &&
      each.operation === OperationTypeNode.SUBSCRIPTION &&
      hasConditionalField(document, each.selectionSet, new Set()),
  );
  if (!isConditional) return;
  const message = "The root of a subscription takes neither @skip nor @include.";
  throw new QueryRefusal(400, ApolloServerErrorCode.GRAPHQL_VALIDATION_FAILED, message);
}

/** Undefined: Apollo Server says what is wrong with it. */
function parsed(text: string): DocumentNode | undefined {
  try {
    return parse(text, { noLocation: true });
  } catch {
    return undefined;
  }
}

/** @param known fragments that were followed already: they may spread each other */
function hasConditionalField(document: DocumentNode, set: SelectionSetNode, known: Set<string>): boolean {
  return set.selections.some((selection) => {
    if (selection.directives?.some(({ name }) => name.value === "skip" || name.value === "include"))
      return true;
    if (selection.kind === Kind.INLINE_FRAGMENT)
      return hasConditionalField(document, selection.selectionSet, known);
    if (selection.kind !== Kind.FRAGMENT_SPREAD || known.has(selection.name.value)) return false;
    known.add(selection.name.value);
    return document.definitions.some(
      (each) =>
        each.kind === Kind.FRAGMENT_DEFINITION &&
        each.name.value === selection.name.value &&
        hasConditionalField(document, each.selectionSet, known),
    );
  });
}
