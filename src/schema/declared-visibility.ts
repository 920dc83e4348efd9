import { isEmpty, isObject, type JsonObject } from "../domain/json/json.js";
import { EVERYTHING, type Visibility } from "../domain/merge/visibility.js";
import { compilePattern } from "./pattern/pattern.js";
import { followLocal, isSchema, type Schema } from "./subschema.js";

/** Places of one schema that are kept; more than any schema names. */
const KEPT_PLACES = 10_000;

/** The members that one self-contained schema declares at a place (R5), and the schemas that apply to each. */
export class DeclaredVisibility implements Visibility {
  readonly #named = new Map<string, DeclaredVisibility | undefined>();
  #branches: readonly Branches[] | undefined;

  private constructor(
    private readonly places: Places,
    /** The schemas that speak about this place, each by itself; none where whatever is there is seen. */
    readonly schemas: readonly JsonObject[],
    private readonly isRoot: boolean,
  ) {}

  static of(root: JsonObject): DeclaredVisibility {
    const known = new Map<string, DeclaredVisibility>();
    const numbers = new Map<JsonObject, number>();
    const numberOf = (schema: JsonObject): number => {
      const number = numbers.get(schema) ?? numbers.size;
      numbers.set(schema, number);
      return number;
    };
    const places: Places = {
      root,
      at(schemas) {
        const key = schemas.map(numberOf).join();
        const place = known.get(key) ?? new DeclaredVisibility(places, schemas, false);
        // Patterns that overlap can meet in more ways than there is room for.
        if (known.size < KEPT_PLACES) known.set(key, place);
        return place;
      },
    };
    return new DeclaredVisibility(places, [root], true);
  }

  /** The schema that references are followed in. */
  get root(): JsonObject {
    return this.places.root;
  }

  member(key: string): Visibility | undefined {
    const found = this.declared(key);
    return found?.isFree ? EVERYTHING : found;
  }

  /** The declaration of a member; undefined where there is none, free where a schema above it declares no members. */
  declared(key: string): DeclaredVisibility | undefined {
    // Only names that schemas spell out are kept; callers' keys would fill the memory.
    if (this.#named.has(key)) return this.#named.get(key);
    const found = this.#find(key);
    if (this.isNamed(key)) this.#named.set(key, found);
    return found;
  }

  /** Whether `properties` of any schema here names the key. */
  isNamed(key: string): boolean {
    return this.branches.some(({ schemas }) =>
      schemas.some(({ properties }) => isObject(properties) && Object.hasOwn(properties, key)),
    );
  }

  /** Nothing is declared below: whatever is there is seen. */
  get isFree(): boolean {
    return this.schemas.length === 0;
  }

  /** Every schema object that may speak about this place: references, branches and conditions followed. */
  get branches(): readonly Branches[] {
    this.#branches ??= this.schemas.map((schema) => expand(schema, this.root));
    return this.#branches;
  }

  #find(key: string): DeclaredVisibility | undefined {
    if (this.isFree) return this;
    if (!this.isRoot && this.branches.some(({ declares }) => !declares)) return this.places.at([]);
    const found = this.branches.flatMap(({ schemas }) =>
      schemas.flatMap((schema) => [...membersOf(schema, key), ...unevaluatedMember(schema, key, this.root)]),
    );
    if (found.includes(true)) return this.places.at([]);
    const speaking = new Set(found.filter(isObject));
    return speaking.size === 0 ? undefined : this.places.at([...speaking]);
  }
}

/** All places of one schema. Each is made once, so that they are as many as the schema has, however deep values go. */
interface Places {
  readonly root: JsonObject;
  at(schemas: readonly JsonObject[]): DeclaredVisibility;
}

/** One schema with all that it leads to about the same value. */
interface Branches {
  readonly schemas: readonly JsonObject[];
  /** Whether any of them declares members. */
  readonly declares: boolean;
}

function expand(schema: JsonObject, root: JsonObject): Branches {
  // A set is walked in the order of insertion, what is added meanwhile included.
  const schemas = new Set([schema]);
  for (const next of schemas) {
    for (const branch of [...always(next, root), ...sometimes(next)]) schemas.add(branch);
  }
  return { schemas: [...schemas], declares: [...schemas].some(declaresMembers) };
}

/** The schemas that speak about every value that a schema speaks about. */
function always({ allOf, $ref }: JsonObject, root: JsonObject): JsonObject[] {
  const target = typeof $ref === "string" ? followLocal(root, $ref) : undefined;
  return [...(Array.isArray(allOf) ? allOf : []), target].filter(isObject);
}

/** The schemas that speak about some of the values. What `if` and `not` name are conditions, not declarations. */
function sometimes(schema: JsonObject): JsonObject[] {
  const { anyOf, oneOf, dependentSchemas, dependencies } = schema;
  const lists = [anyOf, oneOf].filter((list) => Array.isArray(list));
  const named = [dependentSchemas, dependencies].filter(isObject);
  // Without `if`, `then` and `else` mean nothing.
  const chosen = schema.if === undefined ? [] : [schema.then, schema.else];
  return [...lists.flat(), ...chosen, ...named.flatMap((each) => Object.values(each))].filter(isObject);
}

function declaresMembers(schema: JsonObject): boolean {
  const { properties, patternProperties } = schema;
  const { additionalProperties: others = schema.unevaluatedProperties } = schema;
  return (
    (isObject(properties) && !isEmpty(properties)) ||
    (isObject(patternProperties) && !isEmpty(patternProperties)) ||
    others === true ||
    isObject(others)
  );
}

/**
 * The schemas that one schema object has for a member: the named one, then one for every pattern that matches, else the
 * additional one. `false` is among them where a name or pattern forbids the member.
 */
export function membersOf(schema: JsonObject, key: string): Schema[] {
  const { properties, patternProperties, additionalProperties } = schema;
  const found: Schema[] = [];
  if (isObject(properties) && Object.hasOwn(properties, key)) found.push(properties[key] as Schema);
  if (isObject(patternProperties)) {
    for (const pattern of Object.keys(patternProperties)) {
      if (compilePattern(pattern).test(key)) found.push(patternProperties[pattern] as Schema);
    }
  }
  if (found.length > 0) return found;
  return isSchema(additionalProperties) && additionalProperties !== false ? [additionalProperties] : [];
}

/**
 * What `unevaluatedProperties` of one schema object says about a member: nothing where it, or a schema that speaks about
 * every value with it, has evaluated the member. Branches and conditions may not hold, so they leave it its say.
 */
function unevaluatedMember(schema: JsonObject, key: string, root: JsonObject): Schema[] {
  const { unevaluatedProperties: unevaluated } = schema;
  if (unevaluated !== true && !isObject(unevaluated)) return [];
  const evaluating = new Set([schema]);
  for (const next of evaluating) {
    const { properties, additionalProperties, unevaluatedProperties } = next;
    const isNamed = isObject(properties) && Object.hasOwn(properties, key);
    if (isNamed || additionalProperties !== undefined || membersOf(next, key).length > 0) return [];
    if (next !== schema && unevaluatedProperties !== undefined) return [];
    for (const other of always(next, root)) evaluating.add(other);
  }
  return [unevaluated];
}

/** The union of two visibilities. */
export function union(a: Visibility, b: Visibility): Visibility {
  if (a === EVERYTHING || b === EVERYTHING) return EVERYTHING;
  return {
    member(key) {
      const left = a.member(key);
      const right = b.member(key);
      return left !== undefined && right !== undefined ? union(left, right) : (left ?? right);
    },
  };
}
