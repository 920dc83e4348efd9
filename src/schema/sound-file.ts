import type { Ajv } from "ajv";
import { isObject, type JsonObject } from "../domain/json.js";
import { appendToken } from "../domain/pointer.js";
import { compilePattern } from "./pattern.js";
import type { SchemaFile } from "./schema-folder.js";
import type { SchemaProblem } from "./schema-problem.js";
import { KEYWORDS_WITH_NAMES, walkSchemas } from "./subschema.js";
import { rejection } from "./validation.js";

/** What is wrong with a file by itself: whether it is a JSON Schema of its draft, and its patterns can be run. */
export function problemsOfFile(file: SchemaFile, ajv: Ajv): SchemaProblem[] {
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
      const reason = whyNotRun(pattern);
      if (reason !== undefined) add(at(...place), reason, "refused");
    }
    const { format } = schema;
    if (typeof format === "string" && !Object.hasOwn(ajv.formats, format)) {
      add(at("format"), `the format ${JSON.stringify(format)} is unknown and not checked`, "ignored");
    }
  });
  if (![...problems.values()].some(({ consequence }) => consequence === "refused")) {
    const { $schema: _draft, ...schema } = file.schema;
    ajv.validateSchema(schema);
    for (const error of ajv.errors ?? []) add(error.instancePath, rejection(error).message, "refused");
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
function patternsOf(schema: JsonObject): [pattern: string, tokens: string[]][] {
  const { pattern, patternProperties } = schema;
  const own: [string, string[]][] = typeof pattern === "string" ? [[pattern, ["pattern"]]] : [];
  const names = isObject(patternProperties) ? Object.keys(patternProperties) : [];
  return [...own, ...names.map((name): [string, string[]] => [name, ["patternProperties", name]])];
}

function whyNotRun(pattern: string): string | undefined {
  try {
    compilePattern(pattern);
    return undefined;
  } catch (error) {
    return `${(error as Error).message}; patterns run on RE2, without look-around and backreferences`;
  }
}
