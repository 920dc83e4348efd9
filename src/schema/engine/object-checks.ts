import { isObject, type Json, type JsonObject } from "../../domain/json/json.js";
import { compilePattern, type Pattern } from "../pattern/pattern.js";
import type { Compiling } from "./compiling.js";
import { type Failure, type Says, together } from "./failure.js";
import type { Run } from "./run.js";
import { added, type Judge, type SchemaJudge } from "./schema-judge.js";

/** Keywords about the members of objects. */
export function addObjectChecks(schema: JsonObject, judge: SchemaJudge, compiling: Compiling): void {
  addCounts(schema, judge, compiling);
  addRequired(schema, judge, compiling);
  addPropertyNames(schema, judge, compiling);
  addMembers(schema, judge, compiling);
  addDependentRequired(schema, judge, compiling);
  addUnevaluated(schema, judge, compiling);
}

function addCounts(
  { minProperties, maxProperties }: JsonObject,
  judge: SchemaJudge,
  { says }: Compiling,
): void {
  for (const [keyword, limit, comparison] of [
    ["maxProperties", maxProperties, "more"],
    ["minProperties", minProperties, "fewer"],
  ] as const) {
    if (typeof limit !== "number") continue;
    const said = says(keyword, `must NOT have ${comparison} than ${limit} properties`, limit);
    judge.add<JsonObject>(["object"], (value, run) => {
      const count = Object.keys(value).length;
      run.spend(count >> 4);
      return (comparison === "more" ? count > limit : count < limit)
        ? { says: said, finding: count }
        : undefined;
    });
  }
}

function addRequired({ required }: JsonObject, judge: SchemaJudge, { says }: Compiling): void {
  if (!Array.isArray(required)) return;
  const missing = names(required).map((key) => ({
    key,
    failure: { says: says("required", `must have required property '${key}'`), member: key },
  }));
  judge.add<JsonObject>(["object"], (value, run) => {
    run.spend(missing.length >> 2);
    let failures: Failure[] | undefined;
    for (const { key, failure } of missing) {
      if (!Object.hasOwn(value, key)) failures = added(failures, failure);
    }
    return together(failures);
  });
}

function addDependentRequired(schema: JsonObject, judge: SchemaJudge, { says }: Compiling): void {
  for (const keyword of ["dependentRequired", "dependencies"]) {
    const dependents = schema[keyword];
    if (!isObject(dependents)) continue;
    for (const [key, needed] of Object.entries(dependents)) {
      if (!Array.isArray(needed) || needed.length === 0) continue;
      const noun = needed.length === 1 ? "property" : "properties";
      const said = says(keyword, `must have ${noun} ${needed.join(", ")} when property ${key} is present`);
      const failures = names(needed).map((member) => ({ says: said, member }));
      judge.add<JsonObject>(["object"], (value, run) => {
        if (!Object.hasOwn(value, key)) return undefined;
        run.spend(failures.length >> 2);
        return together(failures.filter(({ member }) => !Object.hasOwn(value, member)));
      });
    }
  }
}

function addPropertyNames({ propertyNames }: JsonObject, judge: SchemaJudge, compiling: Compiling): void {
  if (propertyNames === undefined) return;
  const naming = compiling.inside(propertyNames);
  const says = compiling.says("propertyNames", "property name must be valid");
  judge.add<JsonObject>(["object"], (value, run) => {
    let failures: Failure[] | undefined;
    for (const key of Object.keys(value)) {
      const failure = naming.judge(key, run);
      if (failure === undefined) continue;
      failures = added(failures, { inside: [[key, failure]], says, member: key });
    }
    return together(failures);
  });
}

/** Names that are sooner looked up one by one than found among an object's members. */
const FEW_NAMES = 8;

/** The schemas that `properties`, `patternProperties` and `additionalProperties` apply to a member. */
class Members {
  readonly #named: ReadonlyMap<string, Judge>;
  readonly #names: readonly string[];
  readonly #patterns: readonly (readonly [Pattern, Judge])[];
  readonly #others: Judge | undefined;
  readonly #tooMany: Says | undefined;

  constructor(schema: JsonObject, compiling: Compiling) {
    const { properties, patternProperties, additionalProperties } = schema;
    const entries = (map: Json | undefined) => (isObject(map) ? Object.entries(map) : []);
    this.#named = new Map(entries(properties).map(([key, member]) => [key, compiling.inside(member)]));
    this.#names = [...this.#named.keys()];
    this.#patterns = entries(patternProperties).map(
      ([pattern, member]) => [compilePattern(pattern), compiling.inside(member)] as const,
    );
    if (additionalProperties === false) {
      this.#tooMany = compiling.says("additionalProperties", "must NOT have additional properties");
    } else if (additionalProperties !== undefined) this.#others = compiling.inside(additionalProperties);
  }

  /** The members that anything could be said about. */
  keysOf(value: JsonObject, run: Run): readonly string[] {
    const speaksOfAll =
      this.#patterns.length > 0 || this.#tooMany !== undefined || this.#others !== undefined;
    if (!speaksOfAll && this.#names.length <= FEW_NAMES)
      return this.#names.filter((key) => Object.hasOwn(value, key));
    const keys = Object.keys(value);
    run.spend(keys.length);
    return keys;
  }

  /** Judges one member by all that speak about it; hears of none when there is none. */
  judge(key: string, value: Json, run: Run, failures: MemberFailures): boolean {
    let isDeclared = false;
    const named = this.#named.get(key);
    if (named !== undefined) {
      isDeclared = true;
      failures.inside(key, named.judge(value, run));
    }
    for (const [pattern, judge] of this.#patterns) {
      if (!run.matches(pattern, key)) continue;
      isDeclared = true;
      failures.inside(key, judge.judge(value, run));
    }
    if (isDeclared) return true;
    if (this.#tooMany !== undefined) failures.own({ says: this.#tooMany, member: key });
    else if (this.#others !== undefined) failures.inside(key, this.#others.judge(value, run));
    return this.#tooMany !== undefined || this.#others !== undefined;
  }
}

/** Failures of the members of one object; nothing is made where there are none. */
class MemberFailures {
  #inside: [string, Failure][] | undefined;
  #own: Failure[] | undefined;

  inside(key: string, failure: Failure | undefined): void {
    if (failure !== undefined) this.#inside = added(this.#inside, [key, failure]);
  }

  own(failure: Failure): void {
    this.#own = added(this.#own, failure);
  }

  get all(): Failure | undefined {
    if (this.#inside === undefined) return together(this.#own);
    return { inside: this.#inside, ...(this.#own && { parts: this.#own }) };
  }
}

const MEMBER_KEYWORDS = ["properties", "patternProperties", "additionalProperties"];

function addMembers(schema: JsonObject, judge: SchemaJudge, compiling: Compiling): void {
  if (MEMBER_KEYWORDS.every((keyword) => schema[keyword] === undefined)) return;
  const members = new Members(schema, compiling);
  judge.add<JsonObject>(["object"], (value, run, evaluated) => {
    const failures = new MemberFailures();
    for (const key of members.keysOf(value, run)) {
      if (members.judge(key, value[key] as Json, run, failures)) evaluated?.addMember(key);
    }
    return failures.all;
  });
}

function addUnevaluated(
  { unevaluatedProperties }: JsonObject,
  judge: SchemaJudge,
  compiling: Compiling,
): void {
  if (unevaluatedProperties === undefined) return;
  const says = compiling.says("unevaluatedProperties", "must NOT have unevaluated properties");
  const others = unevaluatedProperties === false ? undefined : compiling.inside(unevaluatedProperties);
  judge.addLast((value, run, evaluated) => {
    if (!isObject(value) || evaluated === undefined) return undefined;
    const keys = Object.keys(value);
    run.spend(keys.length);
    const failures = new MemberFailures();
    for (const key of keys) {
      if (evaluated.hasMember(key)) continue;
      if (others === undefined) failures.own({ says, member: key });
      else failures.inside(key, others.judge(value[key] as Json, run));
    }
    evaluated.addAllMembers();
    return failures.all;
  });
}

function names(list: readonly Json[]): string[] {
  return list.filter((name) => typeof name === "string");
}
