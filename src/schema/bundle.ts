import { isObject, type JsonObject, type JsonObjectDraft } from "../domain/json.js";
import { appendToken } from "../domain/pointer.js";
import { type Draft, definitionsKeyword, modernise, newerDraft } from "./draft.js";
import { referenceOf, type Target } from "./reference.js";
import type { SchemaFile } from "./schema-folder.js";
import { localReference, mapSchemas, walkSchemas } from "./subschema.js";

/** A file's schema with everything it refers to inside it, and nothing else: every `$ref` in it starts with `#`. */
export interface Bundle {
  readonly file: SchemaFile;
  /** The newest of the drafts that went into it. */
  readonly draft: Draft;
  readonly schema: JsonObject;
  /** Names the file, and the pointer in it, that a place in the bundle was taken from. */
  origin(tokens: readonly string[]): { readonly file: string; readonly pointer: string };
}

/** @throws Error when a reference leads nowhere */
export type Resolve = (source: SchemaFile, reference: string, at: readonly string[]) => Target;

/**
 * Gathers a file and the parts of other files that it refers to. Only those parts: a neighbour may hold what readers of
 * this schema must not see.
 * @throws Error of `resolve`
 */
export function bundle(file: SchemaFile, resolve: Resolve): Bundle {
  const whole: Target = { file, tokens: [], schema: file.schema };
  const { targets, references } = reach(whole, resolve);
  const draft = targets.map((target) => target.file.draft).reduce(newerDraft);
  const keyword = definitionsKeyword(draft);
  const parts = place(targets, keyword);
  const schema = { ...embed(whole, draft, parts, references) };
  if (parts.regions.length > 1) {
    const definitions: JsonObjectDraft = { ...(isObject(schema[keyword]) && schema[keyword]) };
    for (const { target, name } of parts.regions.slice(1)) {
      definitions[name] = embed(target, draft, parts, references);
    }
    schema[keyword] = definitions;
  }
  return { file, draft, schema, origin: (tokens) => originOf(tokens, keyword, parts) };
}

/** Everything that is referred to, directly or not, the file itself first; and what each schema object refers to. */
function reach(whole: Target, resolve: Resolve) {
  const targets: [Target, ...Target[]] = [whole];
  const references = new Map<JsonObject, Target>();
  const walked = new Set<JsonObject>();
  for (const { file, tokens, schema } of targets) {
    if (!isObject(schema) || walked.has(schema)) continue;
    walkSchemas(
      schema,
      (inside, at) => {
        if (walked.has(inside)) return;
        walked.add(inside);
        const found = referenceOf(inside);
        if (found === undefined) return;
        const next = resolve(file, found.reference, [...at, found.keyword]);
        references.set(inside, next);
        // An array is walked to its end, what is added meanwhile included.
        if (isObject(next.schema)) targets.push(next);
      },
      tokens,
    );
  }
  return { targets, references };
}

/** A part of a file that is taken over as one piece. */
interface Region {
  readonly target: Target;
  /** Its name among the definitions; of the whole, "". */
  readonly name: string;
}
interface Parts {
  readonly regions: readonly Region[];
  /** Where each original schema object stands in the bundle. */
  readonly places: ReadonlyMap<JsonObject, readonly string[]>;
}

/** What lies inside another target comes with it, so that each schema is in the bundle once. */
function place([whole, ...others]: readonly [Target, ...Target[]], keyword: string): Parts {
  const regions: Region[] = [];
  const places = new Map<JsonObject, readonly string[]>();
  const add = (target: Target, name: string, at: readonly string[]) => {
    walkSchemas(target.schema as JsonObject, (inside, tokens) => places.set(inside, tokens), at);
    regions.push({ target, name });
  };
  add(whole, "", []);
  const own = whole.file.schema[keyword];
  const taken = new Set(isObject(own) ? Object.keys(own) : []);
  for (const target of others.sort((a, b) => a.tokens.length - b.tokens.length)) {
    if (places.has(target.schema as JsonObject)) continue;
    const name = freeName(target.tokens.reduce(appendToken, target.file.name), taken);
    add(target, name, [keyword, name]);
  }
  return { regions, places };
}

function freeName(name: string, taken: Set<string>): string {
  if (taken.has(name)) return freeName(`${name}.json`, taken);
  taken.add(name);
  return name;
}

function embed(
  { file, schema }: Target,
  draft: Draft,
  { places }: Parts,
  references: ReadonlyMap<JsonObject, Target>,
): JsonObject {
  return mapSchemas(schema as JsonObject, (copy, original) => {
    // Names are resolved here, once; left in, they would change what the references mean.
    const {
      $id: _id,
      id: _olderId,
      $schema: _draft,
      $anchor: _anchor,
      $dynamicAnchor: _dynamic,
      ...named
    } = copy;
    const {
      $recursiveAnchor: _recursive,
      $ref,
      $dynamicRef,
      $recursiveRef,
      ...rest
    } = modernise(named, file.draft, draft);
    const target = references.get(original)?.schema;
    if (target === undefined) return rest;
    if (!isObject(target)) return target ? rest : { ...rest, not: {} };
    return { ...rest, $ref: localReference(places.get(target) ?? []) };
  });
}

function originOf(tokens: readonly string[], keyword: string, { regions }: Parts) {
  const region = regions.find(({ name }) => name !== "" && tokens[0] === keyword && tokens[1] === name);
  const { file, tokens: start } = (region ?? (regions[0] as Region)).target;
  const inside = region === undefined ? tokens : [...start, ...tokens.slice(2)];
  return { file: `${file.name}.json`, pointer: inside.reduce(appendToken, "") };
}
