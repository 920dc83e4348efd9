import { isObject, type JsonObject } from "../domain/json/json.js";
import { followLocal, subschemas, walkSchemas } from "./subschema.js";

/** Keywords whose schemas speak about the same value as the schema that holds them. */
const IN_PLACE: ReadonlySet<string> = new Set(
  "allOf anyOf oneOf not if then else dependentSchemas dependencies".split(" "),
);

/**
 * Refuses a self-contained schema whose evaluation would not end: a `$ref` that leads back to itself about the same value.
 * @throws Error saying so
 */
export function refuseLoops(root: JsonObject): void {
  const open = new Set<JsonObject>();
  const ended = new Set<JsonObject>();
  const enter = (schema: JsonObject): void => {
    if (open.has(schema)) throw new Error("a $ref leads back to itself without going into a member");
    if (ended.has(schema)) return;
    open.add(schema);
    for (const next of inPlace(schema, root)) enter(next);
    open.delete(schema);
    ended.add(schema);
  };
  walkSchemas(root, enter);
}

function* inPlace(schema: JsonObject, root: JsonObject): Generator<JsonObject> {
  for (const [[keyword = ""], subschema] of subschemas(schema)) if (IN_PLACE.has(keyword)) yield subschema;
  const target = typeof schema.$ref === "string" ? followLocal(root, schema.$ref) : undefined;
  if (isObject(target)) yield target;
}
