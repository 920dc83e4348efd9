import { ApolloServerErrorCode } from "@apollo/server/errors";
import { type GraphQLFormattedError, type GraphQLSchema, Kind, type OperationDefinitionNode } from "graphql";
import { ERROR_CODES } from "../../domain/errors.js";
import { UNTRUSTED_DOCUMENT } from "./query-refusal.js";

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
      const { value } = selection.name;
      return META_FIELDS.has(value) || Object.hasOwn(fields, value) ? value : "unknown";
    }),
  );
  const [name = "unknown", ...others] = names;
  return `${type} ${others.length === 0 ? name : "several"}`;
}

/** `ok`, or the code of the first error. */
export function outcomeLabel(errors: readonly GraphQLFormattedError[] | undefined): string {
  if (errors === undefined) return "ok";
  const code = errors[0]?.extensions?.code;
  return typeof code === "string" && CODES.has(code) ? code : "error";
}

const META_FIELDS: ReadonlySet<string> = new Set(["__typename", "__schema", "__type"]);
const CODES: ReadonlySet<string> = new Set([
  ...ERROR_CODES,
  ...Object.values(ApolloServerErrorCode),
  UNTRUSTED_DOCUMENT,
]);
