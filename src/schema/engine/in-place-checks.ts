import { isObject, type Json, type JsonObject } from "../../domain/json/json.js";
import type { Compiling } from "./compiling.js";
import { Evaluated } from "./evaluated.js";
import { digestOf, type Failure, together } from "./failure.js";
import type { Run } from "./run.js";
import { added, type Judge, type Kind, type SchemaJudge } from "./schema-judge.js";

const ANY: readonly Kind[] = ["object", "array", "string", "number", "other"];

/** Keywords whose schemas speak about the same value. */
export function addInPlaceChecks(schema: JsonObject, judge: SchemaJudge, compiling: Compiling): void {
  const { allOf, anyOf, oneOf, not } = schema;
  if (Array.isArray(allOf)) addAllOf(allOf.map(compiling.inPlace), judge);
  if (Array.isArray(anyOf)) addAnyOf(anyOf.map(compiling.inPlace), judge, compiling);
  if (Array.isArray(oneOf)) addOneOf(oneOf.map(compiling.inPlace), judge, compiling);
  if (not !== undefined) {
    const refused = compiling.inPlace(not);
    const says = compiling.says("not", "must NOT be valid");
    judge.add(ANY, (value, run) => {
      if (refused.judge(value, run) !== undefined) return undefined;
      return isObject(value) ? { says, finding: () => compiling.lookedAt(not, value, run) } : { says };
    });
  }
  if (schema.if !== undefined) addIf(schema, judge, compiling);
  addDependents(schema, judge, compiling);
}

function addAllOf(branches: readonly Judge[], judge: SchemaJudge): void {
  judge.add(ANY, (value, run, evaluated) => {
    let failures: Failure[] | undefined;
    for (const branch of branches) {
      const failure = branch.judge(value, run, evaluated);
      if (failure !== undefined) failures = added(failures, failure);
    }
    return together(failures);
  });
}

/** Judges a value by a branch that may fail: only if it passes, what it evaluated counts. */
function tryBranch(
  branch: Judge,
  value: Json,
  run: Run,
  evaluated: Evaluated | undefined,
): Failure | undefined {
  if (evaluated === undefined) return branch.judge(value, run);
  const own = new Evaluated();
  const failure = branch.judge(value, run, own);
  if (failure === undefined) {
    run.spend(own.size);
    evaluated.add(own);
  }
  return failure;
}

function addAnyOf(branches: readonly Judge[], judge: SchemaJudge, compiling: Compiling): void {
  const says = compiling.says("anyOf", "must match a schema in anyOf");
  judge.add(ANY, (value, run, evaluated) => {
    const parts: Failure[] = [];
    for (const branch of branches) {
      const failure = tryBranch(branch, value, run, evaluated);
      if (failure !== undefined) parts.push(failure);
      else if (evaluated === undefined) return undefined;
    }
    if (parts.length < branches.length) return undefined;
    return isObject(value)
      ? { parts, says, finding: () => parts.map((part) => digestOf(part, run)) }
      : { parts, says };
  });
}

function addOneOf(branches: readonly Judge[], judge: SchemaJudge, compiling: Compiling): void {
  const says = compiling.says("oneOf", "must match exactly one schema in oneOf");
  judge.add(ANY, (value, run, evaluated) => {
    const parts: Failure[] = [];
    const passing: number[] = [];
    for (const [index, branch] of branches.entries()) {
      const failure = tryBranch(branch, value, run, evaluated);
      if (failure === undefined) passing.push(index);
      else parts.push(failure);
    }
    if (passing.length === 1) return undefined;
    return passing.length === 0 ? { parts, says, finding: passing } : { says, finding: passing };
  });
}

function addIf(schema: JsonObject, judge: SchemaJudge, compiling: Compiling): void {
  const condition = compiling.inPlace(schema.if as Json);
  const branch = (keyword: "then" | "else") =>
    schema[keyword] === undefined
      ? undefined
      : {
          judge: compiling.inPlace(schema[keyword]),
          says: compiling.says("if", `must match "${keyword}" schema`),
        };
  const whenMet = branch("then");
  const otherwise = branch("else");
  judge.add(ANY, (value, run, evaluated) => {
    if (whenMet === undefined && otherwise === undefined && evaluated === undefined) return undefined;
    const isMet = tryBranch(condition, value, run, evaluated) === undefined;
    const chosen = isMet ? whenMet : otherwise;
    const failure = chosen?.judge.judge(value, run, evaluated);
    return failure && chosen && { parts: [failure], says: chosen.says };
  });
}

/** `dependentSchemas`, and the schemas among `dependencies`: each speaks about the object that has a certain member. */
function addDependents(schema: JsonObject, judge: SchemaJudge, compiling: Compiling): void {
  for (const keyword of ["dependentSchemas", "dependencies"]) {
    const dependents = schema[keyword];
    if (!isObject(dependents)) continue;
    const schemas = Object.entries(dependents).filter(([, needs]) => !Array.isArray(needs));
    const judges = schemas.map(([key, needs]) => [key, compiling.inPlace(needs)] as const);
    if (judges.length === 0) continue;
    judge.add<JsonObject>(["object"], (value, run, evaluated) => {
      run.spend(judges.length >> 2);
      let failures: Failure[] | undefined;
      for (const [key, needs] of judges) {
        if (!Object.hasOwn(value, key)) continue;
        const failure = needs.judge(value, run, evaluated);
        if (failure !== undefined) failures = added(failures, failure);
      }
      return together(failures);
    });
  }
}
