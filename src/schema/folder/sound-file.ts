import { isObject, type Json, type JsonObject } from "../../domain/json/json.js";
import { appendToken, tokensOf } from "../../domain/json/pointer.js";
import { draftOf } from "../draft.js";
import type { Format } from "../formats.js";
import type { CheckSchema } from "../metaschema.js";
import { compilePattern, PatternTooLarge } from "../pattern/pattern.js";
import type { SchemaProblem } from "../schema-problem.js";
import { KEYWORDS_WITH_NAMES, lookUp, mapSchemas, walkSchemas } from "../subschema.js";
import type { SchemaFile } from "./schema-folder.js";

/** Checks a file by itself: is it a JSON Schema of its draft, and can its patterns be run? */
export function problemsOfFile(
  file: SchemaFile,
  checkSchema: CheckSchema,
  formats: ReadonlyMap<string, Format>,
): SchemaProblem[] {
  const problems = new Map<string, SchemaProblem>();
  const add = (pointer: string, reason: string, consequence: SchemaProblem["consequence"]) => {
    if (!problems.has(pointer))
      problems.set(pointer, { file: `${file.name}.json`, pointer, reason, consequence });
  };
  walkSchemas(file.schema, (schema, tokens) => {
    const at = (...inside: string[]) => [...tokens, ...inside].reduce(appendToken, "");
    for (const place of forbiddenNames(schema))
      add(at(...place), 'the name "__proto__" is not allowed', "refused");
    for (const [pattern, place] of patternsOf(schema)) {
      const flaw = flawOf(pattern);
      if (flaw !== undefined) add(at(...place), flaw.reason, flaw.consequence);
    }
    if (tokens.length > 0 && isOfAnotherDraft(schema, file)) {
      add(at("$schema"), "a schema of another draft has to be in a file of its own", "refused");
    }
    const { format } = schema;
    if (typeof format === "string" && !formats.has(format)) {
      add(at("format"), `the format ${JSON.stringify(format)} is unknown and not checked`, "ignored");
    }
  });
  if (![...problems.values()].some(({ consequence }) => consequence === "refused")) {
    const { $schema: _draft, ...schema } = file.schema;
    for (const { instancePath, message = "is not valid" } of checkSchema(schema, file.draft)) {
      if (!isEmptyEnum(file, instancePath)) add(instancePath, message, "refused");
    }
  }
  return [...problems.values()];
}

/** Where a name stands that would mean something else to JavaScript than to JSON. */
function forbiddenNames(schema: JsonObject): string[][] {
  const maps = Object.entries(schema).filter(([keyword]) => KEYWORDS_WITH_NAMES.has(keyword));
  return [
    ...(Object.hasOwn(schema, "__proto__") ? [["__proto__"]] : []),
    ...maps
      .filter(([, members]) => isObject(members) && Object.hasOwn(members, "__proto__"))
      .map(([keyword]) => [keyword, "__proto__"]),
  ];
}

/** Every pattern that one schema object runs, with its place in it. */
export function patternsOf(schema: JsonObject): [pattern: string, tokens: string[]][] {
  const { pattern, patternProperties } = schema;
  const own: [string, string[]][] = typeof pattern === "string" ? [[pattern, ["pattern"]]] : [];
  const names = isObject(patternProperties) ? Object.keys(patternProperties) : [];
  return [...own, ...names.map((name): [string, string[]] => [name, ["patternProperties", name]])];
}

function flawOf(pattern: string): Pick<SchemaProblem, "reason" | "consequence"> | undefined {
  try {
    compilePattern(pattern);
    return undefined;
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof PatternTooLarge)
      return { reason: `${message}; it is not checked`, consequence: "ignored" };
    const reason = `${message}; patterns run on RE2, without look-around and backreferences`;
    return { reason, consequence: "refused" };
  }
}

/** A file without the patterns that are too large to run, and without what depends on what they match. */
export function withoutLargePatterns(file: SchemaFile): SchemaFile {
  const isTooLarge = (pattern: Json | undefined) =>
    typeof pattern === "string" && flawOf(pattern)?.consequence === "ignored";
  const schema = mapSchemas(file.schema, (copy) => {
    const { pattern, ...others } = copy;
    const kept = isTooLarge(pattern) ? others : copy;
    const { patternProperties, additionalProperties: _, unevaluatedProperties: __, ...rest } = kept;
    if (!isObject(patternProperties) || !Object.keys(patternProperties).some(isTooLarge)) return kept;
    const small = Object.entries(patternProperties).filter(([name]) => !isTooLarge(name));
    return { ...rest, patternProperties: Object.fromEntries(small) };
  });
  return { ...file, schema };
}

/** Legal since draft 06, whatever the validator of metaschemas says. */
function isEmptyEnum({ schema, draft }: SchemaFile, pointer: string): boolean {
  const list = lookUp(schema, tokensOf(pointer));
  return draft !== "04" && pointer.endsWith("/enum") && Array.isArray(list) && list.length === 0;
}

function isOfAnotherDraft({ $schema, $id, id }: JsonObject, { draft }: SchemaFile): boolean {
  if ($schema === undefined || (draft === "04" ? id : $id) === undefined) return false;
  try {
    return draftOf($schema) !== draft;
  } catch {
    return true;
  }
}
