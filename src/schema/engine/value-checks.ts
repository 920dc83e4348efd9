import { canonical, type Json, type JsonObject } from "../../domain/json/json.js";
import { compilePattern } from "../pattern/pattern.js";
import type { Compiling } from "./compiling.js";
import { isMultiple } from "./decimal.js";
import { textDigest } from "./failure.js";
import type { Kind, SchemaJudge } from "./schema-judge.js";

const ANY: readonly Kind[] = ["object", "array", "string", "number", "other"];

/** Keywords about a value by itself. */
export function addValueChecks(schema: JsonObject, judge: SchemaJudge, compiling: Compiling): void {
  addType(schema, judge, compiling);
  addEquality(schema, judge, compiling);
  addNumberChecks(schema, judge, compiling);
  addTextChecks(schema, judge, compiling);
  addFormat(schema, judge, compiling);
}

function addType({ type }: JsonObject, judge: SchemaJudge, { says }: Compiling): void {
  if (type === undefined) return;
  const allowed = new Set<Json>(Array.isArray(type) ? type : [type]);
  const said = says("type", `must be ${Array.isArray(type) ? type.join(",") : type}`, type);
  judge.add(ANY, (value) => {
    const found = typeOf(value);
    if (allowed.has(found)) return undefined;
    if (found === "number" && allowed.has("integer") && Number.isInteger(value)) return undefined;
    return { says: said, finding: found };
  });
}

function typeOf(value: Json): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function addEquality(schema: JsonObject, judge: SchemaJudge, { says }: Compiling): void {
  const lists: [string, readonly Json[], string, Json][] = [];
  if (schema.const !== undefined)
    lists.push(["const", [schema.const], "must be equal to constant", schema.const]);
  if (Array.isArray(schema.enum))
    lists.push(["enum", schema.enum, "must be equal to one of the allowed values", schema.enum]);
  for (const [keyword, allowed, message, expected] of lists) {
    const isScalar = (value: Json) => typeof value !== "object" || value === null;
    const scalars = new Set<Json>(allowed.filter(isScalar));
    const texts = new Set(allowed.filter((value) => !isScalar(value)).map(canonical));
    const said = says(keyword, message, expected);
    judge.add(ANY, (value, run) => {
      if (isScalar(value)) return scalars.has(value) ? undefined : { says: said };
      const text = run.canonical(value);
      return texts.has(text) ? undefined : { says: said, finding: () => textDigest(text) };
    });
  }
}

function addNumberChecks(schema: JsonObject, judge: SchemaJudge, compiling: Compiling): void {
  const add = (
    keyword: string,
    symbol: string,
    limit: Json | undefined,
    isMet: (value: number) => boolean,
  ) => {
    if (typeof limit !== "number") return;
    const failure = { says: compiling.says(keyword, `must be ${symbol} ${limit}`, limit) };
    judge.add<number>(["number"], (value) => (isMet(value) ? undefined : failure));
  };
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  const [least, most] = [minimum as number, maximum as number];
  const [over, under] = [exclusiveMinimum as number, exclusiveMaximum as number];
  // In draft 04 these are booleans about the bound beside them.
  if (exclusiveMinimum === true) add("minimum", ">", minimum, (value) => value > least);
  else add("minimum", ">=", minimum, (value) => value >= least);
  if (exclusiveMaximum === true) add("maximum", "<", maximum, (value) => value < most);
  else add("maximum", "<=", maximum, (value) => value <= most);
  add("exclusiveMinimum", ">", exclusiveMinimum, (value) => value > over);
  add("exclusiveMaximum", "<", exclusiveMaximum, (value) => value < under);
  if (typeof multipleOf !== "number") return;
  const failure = { says: compiling.says("multipleOf", `must be multiple of ${multipleOf}`, multipleOf) };
  judge.add<number>(["number"], (value, run) => {
    run.spend(STEPS_A_DIVISION);
    return isMultiple(value, multipleOf) ? undefined : failure;
  });
}

/** Decimals are divided digit by digit. */
const STEPS_A_DIVISION = 10;

function addTextChecks(schema: JsonObject, judge: SchemaJudge, { says }: Compiling): void {
  const { minLength, maxLength, pattern } = schema;
  if (typeof maxLength === "number") {
    const failure = { says: says("maxLength", `must NOT have more than ${maxLength} characters`, maxLength) };
    judge.add<string>(["string"], (text, run) => {
      if (text.length <= maxLength) return undefined;
      run.spend(text.length >> 5);
      return lengthOf(text) > maxLength ? failure : undefined;
    });
  }
  if (typeof minLength === "number") {
    const failure = {
      says: says("minLength", `must NOT have fewer than ${minLength} characters`, minLength),
    };
    judge.add<string>(["string"], (text, run) => {
      if (text.length >= 2 * minLength) return undefined;
      run.spend(text.length >> 5);
      return lengthOf(text) < minLength ? failure : undefined;
    });
  }
  const compiled = typeof pattern === "string" ? compilePattern(pattern) : undefined;
  if (compiled !== undefined && pattern !== undefined) {
    const failure = { says: says("pattern", `must match pattern "${pattern}"`, pattern) };
    judge.add<string>(["string"], (text, run) => (run.matches(compiled, text) ? undefined : failure));
  }
}

/** In code points, as JSON Schema counts. */
function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length++;
  return length;
}

function addFormat({ format }: JsonObject, judge: SchemaJudge, { says, format: find }: Compiling): void {
  if (typeof format !== "string") return;
  const found = find(format);
  if (found === undefined) return;
  const failure = { says: says("format", `must match format "${format}"`, format) };
  judge.add([found.of], (value, run) => {
    if (typeof value === "string") run.spend(2 + (value.length >> 2));
    return found.accepts(value as never) ? undefined : failure;
  });
}
