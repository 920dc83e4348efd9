import type { Json, JsonObject } from "../domain/json/json.js";
import { tokensOf } from "../domain/json/pointer.js";
import { type ConfigProblem, isBlocking } from "../service/problems.js";
import { type Answer, refusal } from "./answer.js";

/** Where a problem of the whole config stands; no name is spelled so, as a dot in a name is `%2E`. */
const ROOT = ".";

/** KAZOO's answer to values that break the schema: every problem, by dotted path, then by keyword. */
export function invalidAnswer(problems: readonly ConfigProblem[], sent: JsonObject): Answer {
  const byPath = new Map<string, Map<string, ConfigProblem[]>>();
  for (const problem of problems) {
    // Inherited and existing problems are not the reason of the refusal.
    if (!isBlocking(problem)) continue;
    const path = dottedPath(problem.pointer);
    const byKeyword = byPath.get(path) ?? new Map<string, ConfigProblem[]>();
    byPath.set(path, byKeyword);
    byKeyword.set(problem.keyword, [...(byKeyword.get(problem.keyword) ?? []), problem]);
  }
  const entries = [...byPath].map(([path, byKeyword]) => {
    const described = [...byKeyword].map(([keyword, found]) => [keyword, describe(found, sent)] as const);
    return [path, Object.fromEntries(described)] as const;
  });
  return refusal(400, "validation error", Object.fromEntries(entries));
}

/** Branches of a schema can break the same keyword at the same place, each asking for something else. */
function describe(found: readonly ConfigProblem[], sent: JsonObject): Record<string, unknown> {
  const targets = found.flatMap(({ expected }) => (expected === undefined ? [] : [expected]));
  const value = found[0] && valueAt(sent, tokensOf(found[0].pointer));
  return {
    message: found.map(({ message }) => message).join("; "),
    ...(targets.length > 0 && { target: targets.length === 1 ? targets[0] : targets }),
    ...(value !== undefined && { value }),
  };
}

export function dottedPath(pointer: string): string {
  const names = tokensOf(pointer);
  return names.length === 0 ? ROOT : names.map((name) => name.replaceAll(".", "%2E")).join(".");
}

/** The value sent at a pointer, which may go into arrays; undefined where there is none. */
function valueAt(sent: JsonObject, tokens: readonly string[]): Json | undefined {
  let value: unknown = sent;
  for (const token of tokens) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, token)) return undefined;
    value = (value as Record<string, unknown>)[token];
  }
  return value as Json;
}
