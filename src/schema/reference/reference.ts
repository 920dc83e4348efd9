import { isObject, type JsonObject } from "../../domain/json/json.js";
import type { SchemaFile } from "../folder/schema-folder.js";
import { fragmentTokens, isSchema, lookUp, type Schema } from "../subschema.js";
import type { Resource, ResourceIndex } from "./resource.js";

/** A schema of some file, with its place in it. */
export interface Target {
  readonly file: SchemaFile;
  readonly tokens: readonly string[];
  readonly schema: Schema;
  /** The anchor that it was found by, where an outer schema may bind that anew. */
  readonly dynamicAnchor?: string;
}

/** One thing that a schema object refers to. */
export interface Reference {
  readonly keyword: "$ref" | "$dynamicRef" | "$recursiveRef";
  readonly text: string;
}

/** The references of a schema object. */
export function referencesOf(schema: JsonObject): Reference[] {
  return (["$ref", "$dynamicRef", "$recursiveRef"] as const).flatMap((keyword) => {
    const text = schema[keyword];
    return typeof text === "string" ? [{ keyword, text }] : [];
  });
}

/**
 * Follows a reference of one schema object: by bare id (`"voicemail_keys"`), by file (`"voicemail_keys.json#/x"`), by the
 * `$id` of a file or of a schema inside one, by anchor or by pointer. Nothing is ever fetched.
 * @throws Error when it leads nowhere
 */
export function resolve(source: JsonObject, { keyword, text }: Reference, index: ResourceIndex): Target {
  const [base = "", ...rest] = text.split("#");
  const fragment = rest.join("#");
  const resource = index.find(index.of(source), base);
  if (resource === undefined)
    throw new Error(`${keyword} ${JSON.stringify(text)} names no file of this folder`);
  const found = isPointer(fragment) ? byPointer(resource, fragment) : byAnchor(resource, fragment);
  if (found === undefined) throw new Error(`${keyword} ${JSON.stringify(text)} points at nothing`);
  const { tokens, schema } = found;
  if (isObject(schema)) index.add({ tokens, schema }, resource);
  const anchor = keyword === "$recursiveRef" ? "" : fragment;
  const isDynamic = keyword !== "$ref" && resource.dynamicAnchors.has(anchor);
  return { ...found, ...(isDynamic && { dynamicAnchor: anchor }) };
}

function isPointer(fragment: string): boolean {
  return fragment === "" || fragment.startsWith("/");
}

function byPointer({ file, schema, tokens }: Resource, fragment: string): Target | undefined {
  const inside = decoded(fragment);
  const found = inside && lookUp(schema, inside);
  return inside && isSchema(found) ? { file, tokens: [...tokens, ...inside], schema: found } : undefined;
}

function decoded(fragment: string): readonly string[] | undefined {
  try {
    return fragmentTokens(fragment);
  } catch {
    return undefined;
  }
}

function byAnchor({ file, anchors }: Resource, fragment: string): Target | undefined {
  const place = anchors.get(fragment);
  return place && { file, tokens: place.tokens, schema: place.schema };
}
