import {
  type DocumentNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from "graphql";
import type { OperationNotes } from "../../http/request-notes.js";
import { knownFieldName } from "./request-labels.js";

/** Characters of an operation's name that a log line shows: clients choose it. */
const SHOWN_NAME = 64;
/** Root fields that a log line shows. */
const SHOWN_FIELDS = 20;
/** Selections that are looked at for them: fragments can multiply each other. */
const LOOKED_AT = 1_000;

/** What the log says of an operation: its name, and the root fields that it asks for, by their names in the schema. */
export function operationNotes(
  schema: GraphQLSchema,
  document: DocumentNode,
  { name, operation, selectionSet }: OperationDefinitionNode,
): OperationNotes {
  const fields = schema.getRootType(operation)?.getFields() ?? {};
  const rootFields = new Set<string>();
  let count = 0;
  const walk = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (++count > LOOKED_AT) return;
      if (selection.kind === Kind.FIELD) rootFields.add(knownFieldName(fields, selection.name.value));
      else if (selection.kind === Kind.INLINE_FRAGMENT) walk(selection.selectionSet);
      else {
        const fragment = fragmentOf(document, selection.name.value);
        if (fragment !== undefined) walk(fragment);
      }
    }
  };
  walk(selectionSet);
  return {
    operationType: operation,
    ...(name !== undefined && { operationName: shortened(name.value) }),
    rootFields: [...rootFields].slice(0, SHOWN_FIELDS),
  };
}

function fragmentOf({ definitions }: DocumentNode, name: string): SelectionSetNode | undefined {
  for (const each of definitions)
    if (each.kind === Kind.FRAGMENT_DEFINITION && each.name.value === name) return each.selectionSet;
  return undefined;
}

function shortened(name: string): string {
  return name.length > SHOWN_NAME ? `${name.slice(0, SHOWN_NAME)}...` : name;
}
