import { isObject, type JsonObject, type JsonObjectDraft } from "../../domain/json/json.js";
import { appendToken } from "../../domain/json/pointer.js";
import {
  type Draft,
  definitionsKeyword,
  inOwnDraft,
  modernise,
  newerDraft,
  refStandsAlone,
  uriOf,
  withoutConstraints,
} from "../draft.js";
import type { SchemaFile } from "../folder/schema-folder.js";
import { localReference, mapSubschemas, subschemas, walkSchemas } from "../subschema.js";
import { DynamicScope } from "./dynamic-scope.js";
import { type Reference, referencesOf, type Target } from "./reference.js";
import type { ResourceIndex } from "./resource.js";

/** A file's schema with everything it refers to inside it, and nothing else: every reference is a `$ref` with `#`. */
export interface Bundle {
  readonly file: SchemaFile;
  /** The newest of the drafts that went into it. */
  readonly draft: Draft;
  readonly schema: JsonObject;
  /** Names the file, and the pointer in it, that a place in the bundle was taken from. */
  origin(tokens: readonly string[]): { readonly file: string; readonly pointer: string };
}

/** @throws Error when a reference leads nowhere */
export type Resolve = (source: Target, schema: JsonObject, reference: Reference) => Target;

/** Parts that one bundle may have: dynamic references can ask for one part in many scopes. */
const PART_LIMIT = 10_000;

/**
 * Gathers a file and the parts of other files that it refers to. Only those parts: a neighbour may hold what readers of
 * this schema must not see.
 * @throws Error of `resolve`, and when dynamic references multiply the parts beyond measure
 */
export function bundle(file: SchemaFile, index: ResourceIndex, resolve: Resolve): Bundle {
  const whole: Part = { target: { file, tokens: [], schema: file.schema }, scope: DynamicScope.empty() };
  const { parts, references, itemsAreEvaluated } = new Reach(index, resolve).from(whole);
  const draft = parts.map(({ target }) => target.file.draft).reduce(newerDraft);
  const copy = new Copy(index, references, (schema, from) =>
    modernise(schema, from, draft, itemsAreEvaluated),
  );
  const schema = copy.of(parts, definitionsKeyword(draft));
  return {
    file,
    draft,
    schema: { $schema: uriOf(draft), ...schema },
    origin: (tokens) => copy.origin(schema, tokens, file),
  };
}

/** A schema that is taken over as one piece, and what dynamic anchors are bound to outside of it. */
interface Part {
  readonly target: Target;
  readonly scope: DynamicScope;
}

/** Something known of a schema object in a scope. */
class PerScope<T> {
  readonly #known = new Map<JsonObject, Map<DynamicScope, T>>();

  get(schema: JsonObject, scope: DynamicScope): T | undefined {
    return this.#known.get(schema)?.get(scope);
  }

  set(schema: JsonObject, scope: DynamicScope, value: T): void {
    const inner = this.#known.get(schema) ?? new Map<DynamicScope, T>();
    this.#known.set(schema, inner.set(scope, value));
  }

  *entries(): Generator<[JsonObject, DynamicScope, T]> {
    for (const [schema, inner] of this.#known)
      for (const [scope, value] of inner) yield [schema, scope, value];
  }
}

/** Everything that is referred to, directly or not, the file itself first; and what each schema object refers to. */
class Reach {
  readonly parts: Part[] = [];
  readonly references = new PerScope<readonly Part[]>();
  itemsAreEvaluated = false;

  constructor(
    private readonly index: ResourceIndex,
    private readonly resolve: Resolve,
  ) {}

  from(whole: Part): this {
    this.parts.push(whole);
    // An array is walked to its end, what is added meanwhile included.
    for (const { target, scope } of this.parts) {
      if (isObject(target.schema)) this.#walk(target.schema, scope, target);
      if (this.parts.length > PART_LIMIT) throw new Error("its dynamic references multiply each other");
    }
    return this;
  }

  #walk(schema: JsonObject, outer: DynamicScope, target: Target): void {
    const scope = outer.enter(this.index.of(schema));
    if (this.references.get(schema, scope) !== undefined) return;
    this.itemsAreEvaluated ||= schema.unevaluatedItems !== undefined;
    const found = referencesOf(schema).map((reference) => this.#follow(schema, reference, scope, target));
    this.references.set(schema, scope, found);
    this.parts.push(...found.filter((part) => isObject(part.target.schema)));
    for (const [at, inside] of subschemas(schema)) {
      this.#walk(inside, scope, { ...target, tokens: [...target.tokens, ...at] });
    }
  }

  #follow(schema: JsonObject, reference: Reference, scope: DynamicScope, source: Target): Part {
    const target = this.resolve(source, schema, reference);
    const bound = target.dynamicAnchor === undefined ? undefined : scope.bound(target.dynamicAnchor);
    if (bound === undefined) return { target, scope };
    return { target: { ...bound.place, file: bound.resource.file }, scope };
  }
}

class Copy {
  readonly #copies = new PerScope<JsonObjectDraft>();
  /** Where each copy came from. */
  readonly #origins = new Map<JsonObject, Target>();
  /** Where each copy stands in the bundle. */
  readonly #places = new Map<JsonObject, readonly string[]>();

  constructor(
    private readonly index: ResourceIndex,
    private readonly references: PerScope<readonly Part[]>,
    private readonly modernise: (schema: JsonObject, from: Draft) => JsonObject,
  ) {}

  /** A part inside another part comes with it, so that each schema is in the bundle once. */
  of([whole, ...others]: readonly Part[], keyword: string): JsonObject {
    const root = this.#part(whole as Part, []);
    const own = root[keyword];
    const definitions: JsonObjectDraft = { ...(isObject(own) && own) };
    const taken = new Set(Object.keys(definitions));
    for (const part of others.sort((a, b) => a.target.tokens.length - b.target.tokens.length)) {
      if (this.#placeOf(part) !== undefined) continue;
      const name = freeName(part.target.tokens.reduce(appendToken, part.target.file.name), taken);
      definitions[name] = this.#part(part, [keyword, name]);
    }
    if (taken.size > 0) root[keyword] = definitions;
    this.#refer();
    return root;
  }

  origin(root: JsonObject, tokens: readonly string[], whole: SchemaFile) {
    let inside: JsonObject = root;
    let known: Target = { file: whole, tokens: [], schema: root };
    let rest: readonly string[] = tokens;
    for (const [index, token] of tokens.entries()) {
      inside = (inside as { [key: string]: JsonObject })[token] ?? {};
      const origin = this.#origins.get(inside);
      if (origin !== undefined) [known, rest] = [origin, tokens.slice(index + 1)];
    }
    return { file: `${known.file.name}.json`, pointer: [...known.tokens, ...rest].reduce(appendToken, "") };
  }

  #part({ target, scope }: Part, at: readonly string[]): JsonObjectDraft {
    const copy = this.#copy(target.schema as JsonObject, scope, target);
    walkSchemas(copy, (schema, tokens) => this.#places.set(schema, tokens), at);
    return copy;
  }

  #copy(schema: JsonObject, outer: DynamicScope, target: Target): JsonObjectDraft {
    const scope = outer.enter(this.index.of(schema));
    const tokensOf = new Map([...subschemas(schema)].map(([at, inside]) => [inside, at]));
    const inside = mapSubschemas(schema, (subschema) => {
      const tokens = [...target.tokens, ...(tokensOf.get(subschema) ?? [])];
      return this.#copy(subschema, scope, { ...target, tokens, schema: subschema });
    });
    const { draft } = target.file;
    const copy = { ...withoutNames(this.modernise(inOwnDraft(inside, draft), draft)) };
    this.#copies.set(schema, scope, copy);
    this.#origins.set(copy, target);
    return copy;
  }

  #placeOf({ target, scope }: Part): readonly string[] | undefined {
    const schema = target.schema as JsonObject;
    const copy = this.#copies.get(schema, scope.enter(this.index.of(schema)));
    return copy && this.#places.get(copy);
  }

  #refer(): void {
    for (const [schema, scope, copy] of this.#copies.entries()) {
      const [first, ...others] = (this.references.get(schema, scope) ?? []).map((part) =>
        this.#reference(part),
      );
      if (first === undefined) continue;
      const { draft } = this.#origins.get(copy)?.file ?? {};
      if (first.$ref === undefined && draft && refStandsAlone(schema, draft)) {
        for (const keyword of Object.keys(copy))
          if (!(keyword in withoutConstraints(copy))) delete copy[keyword];
      }
      if (copy.not === undefined || first.not === undefined) Object.assign(copy, first);
      else others.push(first);
      if (others.length > 0) copy.allOf = [...(Array.isArray(copy.allOf) ? copy.allOf : []), ...others];
    }
  }

  #reference(part: Part): JsonObject {
    const { schema } = part.target;
    if (!isObject(schema)) return schema ? {} : { not: {} };
    return { $ref: localReference(this.#placeOf(part) ?? []) };
  }
}

const NAMING: ReadonlySet<string> = new Set(
  "$schema id $id $anchor $dynamicAnchor $recursiveAnchor $ref $dynamicRef $recursiveRef".split(" "),
);

/** Names are resolved here, once; left in, they would change what the references mean. */
function withoutNames(schema: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => !NAMING.has(keyword)));
}

function freeName(name: string, taken: Set<string>): string {
  if (taken.has(name)) return freeName(`${name}.json`, taken);
  taken.add(name);
  return name;
}
