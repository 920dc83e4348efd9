import {
  type DocumentNode,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLNonNull,
  type GraphQLSchema,
  isInputObjectType,
  isInputType,
  isListType,
  isNonNullType,
  type OperationDefinitionNode,
  TypeInfo,
  typeFromAST,
  ValidationContext,
} from "graphql";
import { StrataError } from "../../../domain/errors.js";
import { QUERY_LIMITS } from "./query-limits.js";

/**
 * Checks that a request's variables are what the operation declares. GraphQL does that too; but it goes on after the
 * first error, and puts what it was given into each message: a body of 1 MiB becomes gigabytes, and a log full of secrets.
 * @throws StrataError BAD_USER_INPUT for the first that does not fit, or limit `items`; the message holds no values
 */
export function checkVariables(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): void {
  for (const { variable, type: typeNode, defaultValue } of operation.variableDefinitions ?? []) {
    const name = variable.name.value;
    const type = typeFromAST(schema, typeNode);
    const isGiven = Object.hasOwn(variables, name);
    if (!isInputType(type) || (!isGiven && defaultValue !== undefined)) continue;
    check(isGiven ? variables[name] : undefined, type, `$${name}`);
    if (!isGiven || variables[name] !== null) continue;
    const place = requiredPlaces(schema, document, operation).get(name);
    if (place !== undefined)
      throw misfit(`$${name} may be left out, but not be null: it is used where ${place} is wanted.`);
  }
}

const known = new WeakMap<OperationDefinitionNode, ReadonlyMap<string, GraphQLNonNull<GraphQLInputType>>>();

/**
 * Of each variable that a default lets stand where there is no null, the type wanted there. Validation lets it pass, and
 * a null that is given all the same fails the field in the midst of the execution.
 */
function requiredPlaces(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): ReadonlyMap<string, GraphQLNonNull<GraphQLInputType>> {
  const before = known.get(operation);
  if (before !== undefined) return before;
  const context = new ValidationContext(schema, document, new TypeInfo(schema), () => {});
  const usages = context.getRecursiveVariableUsages(operation);
  const places = new Map(
    usages.flatMap(({ node, type }) => (isNonNullType(type) ? [[node.name.value, type] as const] : [])),
  );
  known.set(operation, places);
  return places;
}

function check(value: unknown, type: GraphQLInputType, at: string): void {
  if (isNonNullType(type)) {
    if (value === null || value === undefined) throw misfit(`${at} is required: ${type}.`);
    check(value, type.ofType, at);
  } else if (value === null || value === undefined) {
    return;
  } else if (isListType(type)) {
    checkItems(value, type.ofType, at);
  } else if (isInputObjectType(type)) {
    checkMembers(value, type, at);
  } else if (!isAccepted(value, type, at)) {
    throw misfit(`${at} is not of type ${type}.`);
  }
}

/** One item alone stands for a list of one. */
function checkItems(value: unknown, type: GraphQLInputType, at: string): void {
  if (!Array.isArray(value)) {
    check(value, type, at);
    return;
  }
  if (value.length > QUERY_LIMITS.items) {
    const message = `Variable ${at} has more than ${QUERY_LIMITS.items} items.`;
    throw new StrataError("BAD_USER_INPUT", message, { limit: "items" });
  }
  for (const [index, item] of value.entries()) check(item, type, `${at}[${index}]`);
}

function checkMembers(value: unknown, type: GraphQLInputObjectType, at: string): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw misfit(`${at} is not an object of type ${type}.`);
  }
  const fields = type.getFields();
  const unknown = Object.keys(value).find((name) => !Object.hasOwn(fields, name));
  if (unknown !== undefined) throw misfit(`${at} has a member that ${type} does not know${named(unknown)}.`);
  const given = value as Readonly<Record<string, unknown>>;
  for (const { name, type: fieldType, defaultValue } of Object.values(fields)) {
    const member = Object.hasOwn(given, name) ? given[name] : undefined;
    if (member === undefined && defaultValue !== undefined) continue;
    check(member, fieldType, `${at}.${name}`);
  }
}

/** A name helps to find the typing error; anything else is a value in the wrong place. */
function named(key: string): string {
  return /^[A-Za-z_]\w{0,31}$/.test(key) ? `: ${key}` : "";
}

/** @throws StrataError what a scalar itself has to say, and where that is not told, of which variable */
function isAccepted(
  value: unknown,
  type: Exclude<GraphQLInputType, GraphQLInputObjectType>,
  at: string,
): boolean {
  if ("ofType" in type) return true;
  // An enum or a scalar of text would spell an object out in an error that nobody reads.
  if (typeof value === "object" && type.extensions.takesObjects !== true) return false;
  try {
    return type.parseValue(value) !== undefined;
  } catch (error) {
    if (!(error instanceof StrataError)) return false;
    const { code, message, pointer, limit } = error;
    if (pointer !== undefined) throw error;
    throw new StrataError(code, `Variable ${at}: ${message}`, limit === undefined ? {} : { limit });
  }
}

function misfit(message: string): StrataError {
  return new StrataError("BAD_USER_INPUT", `Variable ${message}`);
}
