import { GraphQLScalarType, Kind, type ObjectValueNode, type ValueNode } from "graphql";
import { parseTime } from "../../domain/clock.js";
import { StrataError } from "../../domain/errors.js";
import type { Json, JsonObject } from "../../domain/json/json.js";
import { parsePointer } from "../../domain/json/pointer.js";

/** The service checks what is inside (`checkJson`): one border for every face. Here only the kind is looked at. */
export const JsonScalar = new GraphQLScalarType<Json, Json>({
  name: "JSON",
  description: "Any JSON value: object, array, string, number, boolean or null.",
  specifiedByURL: "https://www.rfc-editor.org/rfc/rfc8259",
  extensions: { takesObjects: true },
  parseValue: (value) => value as Json,
  parseLiteral: (node, variables) => literal(node, variables ?? {}, true) as Json,
});

export const JsonObjectScalar = new GraphQLScalarType<JsonObject, JsonObject>({
  name: "JSONObject",
  description:
    "A JSON object. Hand it over in a variable: a GraphQL literal cannot spell keys such as `max-members`. A variable inside a literal that is not sent, and has no default, is not given: its member is left out.",
  specifiedByURL: "https://www.rfc-editor.org/rfc/rfc8259",
  extensions: { takesObjects: true },
  parseValue: (value) => asObject(value as Json),
  parseLiteral: (node, variables) => asObject(literal(node, variables ?? {}, true)),
});

export const JsonPointerScalar = new GraphQLScalarType<string, string>({
  name: "JSONPointer",
  description:
    'An RFC 6901 JSON Pointer, at most 1,024 characters: `""` is the whole document, `"/voicemail/max_pin_length"` a field. In a name, `~` is spelled `~0` and `/` is spelled `~1`. A malformed one is BAD_USER_INPUT.',
  specifiedByURL: "https://www.rfc-editor.org/rfc/rfc6901",
  parseValue: asPointer,
  parseLiteral: (node) => asPointer(node.kind === Kind.STRING ? node.value : undefined),
});

export const DateTimeScalar = new GraphQLScalarType<string, string>({
  name: "DateTime",
  description:
    "A moment as RFC 3339 text, e.g. `2026-11-22T09:30:00.000Z`. Given with any offset, answered in UTC; digits beyond milliseconds are cut off.",
  specifiedByURL: "https://www.rfc-editor.org/rfc/rfc3339",
  parseValue: asTime,
  parseLiteral: (node) => asTime(node.kind === Kind.STRING ? node.value : undefined),
});

function asObject(value: Json | undefined): JsonObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new TypeError("a JSON object is expected.");
}

function asTime(value: unknown): string {
  const time = typeof value === "string" ? parseTime(value) : undefined;
  if (time !== undefined) return time;
  const message = "A moment is RFC 3339 text with its offset, such as 2026-11-22T09:30:00Z.";
  throw new StrataError("BAD_USER_INPUT", message);
}

/** Looked at before anything is executed: a mutation must not write and then fail at a pointer in its own answer. */
function asPointer(value: unknown): string {
  if (typeof value !== "string") throw new TypeError('a JSON Pointer is text: "" or "/name/…".');
  parsePointer(value);
  return value;
}

/**
 * Keys become own properties whatever they are called, so that the border sees them and can refuse them. A variable that
 * is absent is not given: its member goes, in a list it is null.
 * @param isKept whether an object stays that absent variables emptied; a member counts as not given then, as in R3
 * @returns undefined for what is not given
 */
function literal(
  node: ValueNode,
  variables: Readonly<Record<string, unknown>>,
  isKept: boolean,
): Json | undefined {
  switch (node.kind) {
    case Kind.NULL:
      return null;
    case Kind.ENUM:
      throw new TypeError("a name without quotes is no JSON value.");
    case Kind.STRING:
    case Kind.BOOLEAN:
      return node.value;
    case Kind.INT:
    case Kind.FLOAT:
      return numberOf(node.value);
    case Kind.LIST:
      return node.values.map((item) => literal(item, variables, true) ?? null);
    case Kind.OBJECT:
      return objectOf(node, variables, isKept);
    case Kind.VARIABLE: {
      const { value: name } = node.name;
      return Object.hasOwn(variables, name) ? (variables[name] as Json) : undefined;
    }
  }
}

function objectOf(
  { fields }: ObjectValueNode,
  variables: Readonly<Record<string, unknown>>,
  isKept: boolean,
): JsonObject | undefined {
  const members = fields.flatMap(({ name, value }): [string, Json][] => {
    const member = literal(value, variables, false);
    return member === undefined ? [] : [[name.value, member]];
  });
  return members.length === 0 && fields.length > 0 && !isKept ? undefined : Object.fromEntries(members);
}

/** A number too small for a double would become 0 unnoticed; NaN is refused by the check of inputs. */
function numberOf(text: string): number {
  const number = Number(text);
  return number === 0 && /^[^eE]*[1-9]/.test(text) ? Number.NaN : number;
}
