import { isObject, type JsonObject } from "../domain/json.js";
import { followLocal, subschemas, walkSchemas } from "./subschema.js";

/** How many schemas may speak about one value and all that lies on the way down to one of its leaves. */
const EVALUATION_LIMIT = 100_000;

/** Keywords whose schemas speak about the same value as the schema that holds them. */
const IN_PLACE: ReadonlySet<string> = new Set(
  "$ref allOf anyOf oneOf not if then else dependentSchemas dependencies".split(" "),
);
/** Keywords of whose schemas one member or item meets one. */
const ALTERNATIVES: ReadonlySet<string> = new Set(["properties", "prefixItems", "items"]);
/** Keywords whose schemas nothing meets but by reference. */
const DEFINITIONS: ReadonlySet<string> = new Set(["definitions", "$defs"]);

/**
 * Refuses a self-contained schema whose evaluation would not end, or hardly: a `$ref` that leads back to itself about
 * the same value, and references that double each other level by level.
 * @throws Error saying which of them
 */
export function checkEvaluation(root: JsonObject): void {
  refuseLoops(root);
  costOf(root, root, new Map());
}

function refuseLoops(root: JsonObject): void {
  const open = new Set<JsonObject>();
  const ended = new Set<JsonObject>();
  const enter = (schema: JsonObject): void => {
    if (open.has(schema)) throw new Error("a $ref leads back to itself without going into a member");
    if (ended.has(schema)) return;
    open.add(schema);
    for (const [keyword, next] of inside(schema, root)) if (IN_PLACE.has(keyword)) enter(next);
    open.delete(schema);
    ended.add(schema);
  };
  walkSchemas(root, enter);
}

function costOf(schema: JsonObject, root: JsonObject, costs: Map<JsonObject, number>): number {
  const known = costs.get(schema);
  if (known !== undefined) return known;
  // Coming back through a member is what trees do: it ends with the value.
  costs.set(schema, 1);
  let cost = 1;
  const dearest = new Map<string, number>();
  for (const [keyword, next] of inside(schema, root)) {
    if (DEFINITIONS.has(keyword)) continue;
    const more = costOf(next, root, costs);
    if (ALTERNATIVES.has(keyword)) dearest.set(keyword, Math.max(dearest.get(keyword) ?? 0, more));
    else cost += more;
  }
  for (const more of dearest.values()) cost += more;
  if (cost > EVALUATION_LIMIT) throw new Error("its references multiply each other beyond measure");
  costs.set(schema, cost);
  return cost;
}

function* inside(schema: JsonObject, root: JsonObject): Generator<[keyword: string, schema: JsonObject]> {
  for (const [[keyword = ""], subschema] of subschemas(schema)) yield [keyword, subschema];
  const target = typeof schema.$ref === "string" ? followLocal(root, schema.$ref) : undefined;
  if (isObject(target)) yield ["$ref", target];
}
