import { ApolloServerErrorCode } from "@apollo/server/errors";
import { type GraphQLFormattedError, type GraphQLSchema, Kind, type OperationDefinitionNode } from "graphql";
import { ERROR_CODES } from "../../domain/errors.js";
import { UNTRUSTED_DOCUMENT } from "./query/query-refusal.js";

/** Tells of a GraphQL request by its labels. */
export type OnRequest = (operation: string, outcome: string, seconds: number) => void;

/**
 * What metrics call a GraphQL request. A time series stays for the life of the process, so both labels come from closed
 * sets: the root fields of the schema, and the codes of errors. Names that a caller makes up never become one: those of
 * operations and aliases, and fields that the schema lacks. Not every such field has been refused by validation before a
 * request is counted: the fields of a kind of operation that the schema lacks are not validated.
 */
export function operationLabel(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode | undefined | null,
): string {
  if (!operation) return "invalid";
  const type = operation.operation;
  const fields = schema.getRootType(type)?.getFields() ?? {};
  const names = new Set(
    operation.selectionSet.selections.map((selection) => {
      if (selection.kind !== Kind.FIELD) return "fragment";
      return knownFieldName(fields, selection.name.value);
    }),
  );
  const [name = "unknown", ...others] = names;
  return `${type} ${others.length === 0 ? name : "several"}`;
}

/** The name of a root field; `unknown` for one that the schema lacks. */
export function knownFieldName(fields: Readonly<Record<string, unknown>>, name: string): string {
  return META_FIELDS.has(name) || Object.hasOwn(fields, name) ? name : "unknown";
}

/** `ok`, or the code of the first error. */
export function outcomeLabel(errors: readonly GraphQLFormattedError[] | undefined): string {
  return errors === undefined ? "ok" : codeOf(errors[0]);
}

/** `ok`, or the codes of the errors, each once. */
export function outcomeLabels(errors: readonly GraphQLFormattedError[] | undefined): readonly string[] {
  return errors === undefined ? OK : [...new Set(errors.map(codeOf))];
}

function codeOf(error: GraphQLFormattedError | undefined): string {
  const code = error?.extensions?.code;
  return typeof code === "string" && CODES.has(code) ? code : "error";
}

export const OK: readonly string[] = ["ok"];

const META_FIELDS: ReadonlySet<string> = new Set(["__typename", "__schema", "__type"]);
const CODES: ReadonlySet<string> = new Set([
  ...ERROR_CODES,
  ...Object.values(ApolloServerErrorCode),
  UNTRUSTED_DOCUMENT,
]);
