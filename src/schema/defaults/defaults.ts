import {
  checkJson,
  isEmpty,
  isObject,
  type Json,
  type JsonObject,
  type JsonObjectDraft,
} from "../../domain/json/json.js";
import { merge } from "../../domain/merge/merge.js";
import { membersOf } from "../declared-visibility.js";
import { followLocal, isSchema, type Schema, subschemas, walkSchemas } from "../subschema.js";

/** One schema's own `default`. */
export interface OwnDefault {
  readonly schema: JsonObject;
  /** As the file has it, nulls and all. */
  readonly given: Json;
  /** Whether it is to be the whole config. */
  readonly isRoot: boolean;
  /** A part of it, without nulls, with its members' defaults filled in. */
  complete(part: Json): Json;
}

/** Steps one file's defaults may take: references that multiply each other would otherwise never end. */
const STEP_LIMIT = 200_000;

/**
 * The defaults of a self-contained schema (R6): nested ones count by themselves, an object's own default is completed
 * by its members', `$ref` and `allOf` are followed, and nothing else is.
 * @param soundPart what counts of a default, without nulls; undefined: nothing of it
 * @throws Error when following the references takes too many steps
 */
export function deduceDefaults(
  root: JsonObject,
  soundPart: (own: OwnDefault) => Json | undefined,
): JsonObject {
  return new Deduction(root, soundPart).ofRoot();
}

/** A schema, and the schemas being expanded on the way to it. */
interface Step {
  readonly schema: JsonObject;
  readonly path: Path | undefined;
}
interface Path {
  readonly schema: JsonObject;
  readonly up: Path | undefined;
}

class Deduction {
  #steps = 0;
  readonly #fruitful: ReadonlySet<JsonObject>;
  constructor(
    private readonly root: JsonObject,
    private readonly soundPart: (own: OwnDefault) => Json | undefined,
  ) {
    this.#fruitful = leadingToDefaults(root);
  }

  ofRoot(): JsonObject {
    const steps = this.#expand({ schema: this.root, path: undefined });
    const own = this.#ownDefault(steps, true);
    return this.#complete(steps, isObject(own) ? own : {});
  }

  /** The default at a place that `starts` speak about; `above` is what a default further up has here. */
  #at(starts: readonly Step[], above: Json | undefined): Json | undefined {
    const steps = starts.flatMap((start) => this.#expand(start));
    const own = this.#ownDefault(steps, false);
    if (own !== undefined && !isObject(own)) return above ?? own;
    if (above !== undefined && !isObject(above)) return above;
    const completed = this.#complete(steps, merge([above, own]));
    return above === undefined && own === undefined && isEmpty(completed) ? undefined : completed;
  }

  /** A schema with what its `allOf` and `$ref` add to it, nearest first; a schema being expanded is not entered again. */
  #expand(step: Step): Step[] {
    if (++this.#steps > STEP_LIMIT) {
      throw new Error("its defaults take too long to follow: references multiply each other");
    }
    const { schema } = step;
    if (!this.#fruitful.has(schema)) return [];
    for (let up = step.path; up !== undefined; up = up.up) if (up.schema === schema) return [];
    const path: Path = { schema, up: step.path };
    const added: (Schema | undefined)[] = Array.isArray(schema.allOf) ? schema.allOf.filter(isSchema) : [];
    if (typeof schema.$ref === "string") added.push(followLocal(this.root, schema.$ref));
    const expanded: Step[] = [{ schema, path }];
    for (const next of added) {
      if (isObject(next)) for (const inside of this.#expand({ schema: next, path })) expanded.push(inside);
    }
    return expanded;
  }

  /** The nearest default that counts; a config is an object. */
  #ownDefault(steps: readonly Step[], isRoot: boolean): Json | undefined {
    for (const { schema } of steps) {
      const given = schema.default;
      if (given === undefined) continue;
      const complete = (part: Json) => (isObject(part) ? this.#complete(steps, part) : part);
      const own = this.soundPart({ schema, given, isRoot, complete });
      if (own !== undefined && (isObject(own) || !isRoot)) return own;
    }
    return undefined;
  }

  #complete(steps: readonly Step[], value: JsonObject): JsonObject {
    const completed: JsonObjectDraft = { ...value };
    for (const [key, members] of namedMembers(steps)) {
      const member = this.#at(members, Object.hasOwn(value, key) ? value[key] : undefined);
      if (member !== undefined) completed[key] = member;
    }
    for (const key of Object.keys(completed)) {
      const members = otherMembers(steps, key);
      if (members.length > 0) completed[key] = this.#at(members, completed[key]) as Json;
    }
    return completed;
  }
}

/** Keywords that defaults are looked for in; `$ref` aside. */
const FOLLOWED: ReadonlySet<string> = new Set(
  "properties patternProperties additionalProperties allOf".split(" "),
);

/** The schemas with a default in reach. Without the others, schemas that refer to each other in every order are few. */
function leadingToDefaults(root: JsonObject): ReadonlySet<JsonObject> {
  const sources = new Map<Schema, JsonObject[]>();
  const fruitful = new Set<JsonObject>();
  walkSchemas(root, (schema) => {
    if (schema.default !== undefined) fruitful.add(schema);
    const inside = [...subschemas(schema)].filter(([[keyword = ""]]) => FOLLOWED.has(keyword));
    const targets: (Schema | undefined)[] = inside.map(([, subschema]) => subschema);
    if (typeof schema.$ref === "string") targets.push(followLocal(root, schema.$ref));
    for (const target of targets) {
      if (isObject(target)) sources.set(target, [...(sources.get(target) ?? []), schema]);
    }
  });
  // A set is walked in the order of insertion, what is added meanwhile included.
  for (const schema of fruitful) for (const source of sources.get(schema) ?? []) fruitful.add(source);
  return fruitful;
}

function namedMembers(steps: readonly Step[]): Map<string, Step[]> {
  const named = new Map<string, Step[]>();
  for (const { schema, path } of steps) {
    if (!isObject(schema.properties)) continue;
    for (const [key, member] of Object.entries(schema.properties)) {
      if (isObject(member) && canBeKey(key))
        named.set(key, [...(named.get(key) ?? []), { schema: member, path }]);
    }
  }
  return named;
}

/** No document may have a member of another name, so there is no default for one. */
function canBeKey(key: string): boolean {
  try {
    checkJson({ [key]: true });
    return true;
  } catch {
    return false;
  }
}

/** The schemas that speak about a key without naming it: by a pattern, or for all others. */
function otherMembers(steps: readonly Step[], key: string): Step[] {
  return steps.flatMap(({ schema, path }) => {
    const named = isObject(schema.properties) && Object.hasOwn(schema.properties, key);
    return membersOf(schema, key)
      .slice(named ? 1 : 0)
      .filter(isObject)
      .map((member) => ({ schema: member, path }));
  });
}
