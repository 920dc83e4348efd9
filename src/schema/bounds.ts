import { StrataError } from "../domain/errors.js";
import { checkJson, isObject, type Json, type JsonObject } from "../domain/json/json.js";
import { appendToken, parsePointer } from "../domain/json/pointer.js";
import {
  type BindingConstraint,
  CONSTRAINT_PATTERNS_SIZE,
  CONSTRAINT_SCHEMA_BYTES,
  type Constraint,
  type JudgingBudget,
} from "../domain/merge/constraint.js";
import { noteTrouble } from "../domain/name.js";
import { draftOf, inOwnDraft } from "./draft.js";
import { Run, TooManySteps } from "./engine/run.js";
import { SchemaCompiler } from "./engine/schema-compiler.js";
import type { Judge } from "./engine/schema-judge.js";
import { patternsOf, problemsOfFile } from "./folder/sound-file.js";
import { createFormats } from "./formats.js";
import { createSchemaCheck } from "./metaschema.js";
import { sizeOfPattern } from "./pattern/pattern.js";
import { referencesOf } from "./reference/reference.js";
import { mapSchemas, walkSchemas } from "./subschema.js";

const formats = createFormats();
const checkSchema = createSchemaCheck();

/**
 * Lets a constraint pass, as it is to be stored, or refuses it.
 * @param at a pointer to the constraint in what the caller sent, for the error
 * @throws StrataError BAD_USER_INPUT naming the member, and for a schema that is too large the limit `constraintSchema`
 */
export function checkConstraint(
  { pointer, kind, schema, reason }: Constraint & { readonly schema?: JsonObject | null | undefined },
  at: string,
): Constraint {
  parsePointer(pointer);
  const trouble = reason.trim() === "" ? "is empty: say why" : noteTrouble(reason);
  if (trouble !== undefined) throw refusal(`The reason ${trouble}.`, `${at}/reason`);
  const given = schema ?? undefined;
  if (kind === "LOCK") {
    if (given !== undefined) throw refusal("A LOCK has no schema: only BOUNDS have.", `${at}/schema`);
    return { pointer, kind, reason };
  }
  if (given === undefined) throw refusal("BOUNDS need a schema that says what is accepted.", `${at}/schema`);
  checkBoundsSchema(given, `${at}/schema`);
  return { pointer, kind, schema: given, reason };
}

function checkBoundsSchema(schema: JsonObject, at: string): void {
  checkedJson(schema, at);
  if (!isObject(schema)) throw refusal("A schema is a JSON object.", at);
  if (Buffer.byteLength(JSON.stringify(schema)) > CONSTRAINT_SCHEMA_BYTES)
    throw refusal(
      `The schema is over a limit: it may have ${CONSTRAINT_SCHEMA_BYTES} bytes as JSON.`,
      at,
      "constraintSchema",
    );
  walkSchemas(schema, (part, tokens) => {
    const [reference] = referencesOf(part);
    if (reference !== undefined)
      throw refusal(
        `The schema has ${reference.keyword}: write out what it leads to.`,
        [...tokens, reference.keyword].reduce(appendToken, at),
      );
  });
  if (patternSize(schema) > CONSTRAINT_PATTERNS_SIZE) throw slowPatterns(at);
  let draft: ReturnType<typeof draftOf>;
  try {
    draft = draftOf(schema.$schema);
  } catch (error) {
    throw refusal(`${(error as Error).message}.`, `${at}/$schema`);
  }
  const file = { name: "bounds", schema: inItsDraft(schema), draft };
  const [problem] = problemsOfFile(file, checkSchema, formats);
  if (problem !== undefined)
    throw refusal(`The schema cannot be used: ${problem.reason}.`, `${at}${problem.pointer}`);
}

/**
 * The patterns of a document's constraints are compiled where it is read first: all of them together take no longer than
 * another request can wait.
 * @throws StrataError BAD_USER_INPUT with limit `constraintPatterns`
 */
export function checkPatterns(constraints: readonly Constraint[]): void {
  const sizes = constraints.map(({ schema }) => (schema === undefined ? 0 : patternSize(schema)));
  if (sizes.reduce((sum, size) => sum + size, 0) > CONSTRAINT_PATTERNS_SIZE) throw slowPatterns("/set");
}

function slowPatterns(pointer: string): StrataError {
  return refusal(
    `The patterns are over a limit: with their counts written out, all in a document's constraints may have ${CONSTRAINT_PATTERNS_SIZE} characters together.`,
    pointer,
    "constraintPatterns",
  );
}

const sizes = new WeakMap<JsonObject, number>();

function patternSize(schema: JsonObject): number {
  const known = sizes.get(schema);
  if (known !== undefined) return known;
  let size = 0;
  walkSchemas(schema, (part) => {
    for (const [pattern] of patternsOf(part)) size += sizeIfSound(pattern);
  });
  sizes.set(schema, size);
  return size;
}

/** One that the engine cannot read is refused with its reason. */
function sizeIfSound(pattern: string): number {
  try {
    return sizeOfPattern(pattern);
  } catch {
    return 0;
  }
}

function checkedJson(schema: JsonObject, at: string): void {
  try {
    checkJson(schema);
  } catch (error) {
    if (!(error instanceof StrataError)) throw error;
    const { message, pointer = "", limit } = error;
    throw refusal(message, `${at}${pointer}`, limit);
  }
}

/** As a schema file is taken: without the keywords that its draft does not know. */
function inItsDraft(schema: JsonObject): JsonObject {
  const draft = draftOf(schema.$schema);
  return mapSchemas(schema, (copy) => inOwnDraft(copy, draft));
}

function refusal(message: string, pointer: string, limit?: string): StrataError {
  return new StrataError("BAD_USER_INPUT", message, { pointer, ...(limit !== undefined && { limit }) });
}

const compiled = new WeakMap<readonly Constraint[], readonly BindingConstraint[]>();

/** Constraints with their schemas ready to judge. Of the same list it is done once, and of a schema when it is first needed. */
export function bindingConstraints(constraints: readonly Constraint[]): readonly BindingConstraint[] {
  const known = compiled.get(constraints) ?? constraints.map(binding);
  compiled.set(constraints, known);
  return known;
}

function binding(constraint: Constraint): BindingConstraint {
  const { schema } = constraint;
  if (schema === undefined) return constraint;
  let judge: Judge | undefined;
  return {
    ...constraint,
    rejects: (value, budget) => {
      judge ??= judgeOf(schema);
      return isRejected(judge, value, budget);
    },
  };
}

/** Rejects everything: of a schema that this release cannot use nobody knows what it would let pass. */
const REJECT: Judge = { judge: () => ({}) };

function judgeOf(schema: JsonObject): Judge {
  try {
    const usable = inItsDraft(schema);
    return new SchemaCompiler(usable, draftOf(schema.$schema), formats).compile(usable);
  } catch {
    return REJECT;
  }
}

function isRejected(judge: Judge, value: Json, budget: JudgingBudget): boolean {
  if (budget.left <= 0) return true;
  const run = new Run(budget.left);
  try {
    return judge.judge(value, run) !== undefined;
  } catch (error) {
    if (error instanceof TooManySteps) return true;
    throw error;
  } finally {
    budget.left = run.left;
  }
}
