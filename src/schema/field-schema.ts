import { equals, isObject, type Json, type JsonObject } from "../domain/json/json.js";
import { tokensOf } from "../domain/json/pointer.js";
import type { DeclaredVisibility } from "./declared-visibility.js";
import { followLocal, mapSchemas } from "./subschema.js";

/** What a form needs of the schema to draw one field. */
export interface FieldSchema {
  readonly title: string | undefined;
  readonly description: string | undefined;
  /** References followed; where a schema comes back to itself, or grows beyond use, anything goes. */
  readonly schema: JsonObject;
}

/** References one field's schema follows; those that refer to each other in every order would fill the memory. */
const REFERENCE_LIMIT = 1_000;

/** Keywords that add nothing once references are followed; `$schema` is for a whole. */
const DEFINITIONS: ReadonlySet<string> = new Set(["definitions", "$defs", "$schema"]);

/** Keywords that may differ beside a reference without both having to hold. */
const DESCRIBING: ReadonlySet<string> = new Set(["title", "description", "default", "examples"]);

const described = new WeakMap<DeclaredVisibility, FieldSchema>();

/** The schema at a pointer; undefined where nothing speaks about it. */
export function describeField(
  from: DeclaredVisibility | undefined,
  pointer: string,
): FieldSchema | undefined {
  let at = from;
  for (const token of tokensOf(pointer)) at = at?.declared(token);
  if (at === undefined || at.isFree) return undefined;
  const known = described.get(at) ?? describe(at);
  described.set(at, known);
  return known;
}

function describe({ schemas, root, branches }: DeclaredVisibility): FieldSchema {
  const speaking = branches.flatMap((branch) => branch.schemas);
  const followed = followReferences(root);
  const [schema = {}, ...others] = schemas.map(followed);
  return {
    title: firstText(speaking, "title"),
    description: firstText(speaking, "description"),
    schema: others.length === 0 ? schema : { allOf: [schema, ...others] },
  };
}

function firstText(schemas: readonly JsonObject[], keyword: "title" | "description"): string | undefined {
  const texts = schemas.map((schema): Json | undefined => schema[keyword]);
  return texts.find((text) => typeof text === "string") as string | undefined;
}

function followReferences(root: JsonObject): (schema: JsonObject) => JsonObject {
  let left = REFERENCE_LIMIT;
  const follow = (schema: JsonObject, entered: readonly JsonObject[]): JsonObject =>
    mapSchemas(schema, (copy) => {
      const { $ref, ...beside } = Object.fromEntries(
        Object.entries(copy).filter(([keyword]) => !DEFINITIONS.has(keyword)),
      );
      const target = typeof $ref === "string" ? followLocal(root, $ref) : undefined;
      if (!isObject(target) || entered.includes(target) || left === 0) return beside;
      left--;
      return both(beside, follow(target, [...entered, target]));
    });
  return (schema) => follow(schema, [schema]);
}

/** One schema for what stands beside a reference and what it leads to; what describes is taken from beside it. */
function both(beside: JsonObject, followed: JsonObject): JsonObject {
  const contradict = Object.keys(beside).some(
    (keyword) =>
      !DESCRIBING.has(keyword) &&
      Object.hasOwn(followed, keyword) &&
      !equals(beside[keyword], followed[keyword]),
  );
  return contradict ? { allOf: [beside, followed] } : { ...followed, ...beside };
}
