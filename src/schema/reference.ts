import type { Json, JsonObject } from "../domain/json.js";
import type { SchemaFile } from "./schema-folder.js";
import { fragmentTokens, isSchema, lookUp, type Schema, walkSchemas } from "./subschema.js";

/** A schema of some file, with its place in it. */
export interface Target {
  readonly file: SchemaFile;
  readonly tokens: readonly string[];
  readonly schema: Schema;
}

/** What a schema object refers to. A dynamic reference has one meaning where nothing is extended: the static one. */
export function referenceOf(schema: JsonObject): { keyword: string; reference: string } | undefined {
  for (const keyword of ["$ref", "$dynamicRef", "$recursiveRef"]) {
    const reference = schema[keyword];
    if (typeof reference === "string") return { keyword, reference };
  }
  return undefined;
}

/**
 * Follows a reference out of a file: by bare id (`"voicemail_keys"`), by file (`"voicemail_keys.json#/x"`), by a file's
 * own `$id`, by anchor or by pointer. Nothing is ever fetched.
 * @throws Error when it leads nowhere
 */
export function resolve(
  source: SchemaFile,
  reference: string,
  files: ReadonlyMap<string, SchemaFile>,
): Target {
  const [base = "", ...rest] = reference.split("#");
  const fragment = rest.join("#");
  const file = base === "" ? source : findFile(source, base, files);
  if (file === undefined) throw new Error(`$ref ${JSON.stringify(reference)} names no file of this folder`);
  const tokens = isPointer(fragment) ? decodedTokens(fragment) : findAnchor(file, fragment);
  const schema = tokens && lookUp(file.schema, tokens);
  if (tokens === undefined || !isSchema(schema)) {
    throw new Error(`$ref ${JSON.stringify(reference)} points at nothing`);
  }
  return { file, tokens, schema };
}

function isPointer(fragment: string): boolean {
  return fragment === "" || fragment.startsWith("/");
}

function decodedTokens(fragment: string): readonly string[] | undefined {
  try {
    return fragmentTokens(fragment);
  } catch {
    return undefined;
  }
}

function findFile(
  source: SchemaFile,
  base: string,
  files: ReadonlyMap<string, SchemaFile>,
): SchemaFile | undefined {
  const file = base.replace(/^\.\//, "");
  const sibling = files.get(file.replace(/\.json$/, "")) ?? files.get(file);
  if (sibling !== undefined) return sibling;
  const absolute = absoluteUrl(base, identifierOf(source));
  return [...files.values()].find((other) => {
    const identifier = identifierOf(other);
    return identifier !== undefined && (identifier === base || identifier === absolute);
  });
}

function identifierOf({ schema }: SchemaFile): string | undefined {
  const id: Json | undefined = schema.$id ?? schema.id;
  return typeof id === "string" ? id.replace(/#$/, "") : undefined;
}

function absoluteUrl(reference: string, base: string | undefined): string | undefined {
  return URL.canParse(reference, base) ? new URL(reference, base).href : undefined;
}

/** Where a plain-name fragment is declared: by `$anchor`, or in older drafts by an id that is only a fragment. */
function findAnchor(file: SchemaFile, name: string): readonly string[] | undefined {
  let found: readonly string[] | undefined;
  walkSchemas(file.schema, ({ $anchor, $dynamicAnchor, $id, id }, at) => {
    if ([$anchor, $dynamicAnchor].includes(name) || [$id, id].includes(`#${name}`)) found ??= at;
  });
  return found;
}
