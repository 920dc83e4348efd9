import type { EffectiveConfig } from "../domain/effective-config.js";
import { StrataError } from "../domain/errors.js";
import { canonical, equals, isEmpty, isObject, type Json, type JsonObject } from "../domain/json.js";
import type { LayerKind } from "../domain/layer.js";
import { tokensOf } from "../domain/pointer.js";
import type { Perspective } from "../schema/config-schema.js";
import { type Rejection, STEPS_KEYWORD } from "../schema/validation.js";

/** One thing that is wrong with effective values. */
export interface ConfigProblem extends Omit<Rejection, "finding"> {
  /** The layer that the value at the pointer comes from; undefined where nothing is. */
  readonly source: LayerKind | undefined;
  /** The parent has the problem by itself, so it does not block a write. */
  readonly inherited: boolean;
  /** It was there before the write, where the write changes nothing, so it does not block it. False without a write. */
  readonly existing: boolean;
}

/** Whether a write has to be refused because of it. */
export function isBlocking({ inherited, existing }: ConfigProblem): boolean {
  return !inherited && !existing;
}

/**
 * What the schema rejects in a config's values (R12), each with the layer it comes from.
 * @param before the config before the write that led to it; undefined: there was none
 */
export function problemsOf(
  config: EffectiveConfig,
  perspective: Perspective,
  before?: EffectiveConfig,
): ConfigProblem[] {
  const rejections = perspective.validate(config.values);
  if (rejections.length === 0) return [];
  const own = config.layers[0]?.document ?? {};
  const ofParent = identities(perspective.validate(config.parent().values));
  const ofBefore = before && identities(perspective.validate(before.values));
  const isUnchanged = unchangedPlaces(before?.values ?? {}, config.values);
  return rejections.map((rejection): ConfigProblem => {
    const { finding: _unseen, ...told } = rejection;
    const { pointer } = rejection;
    return {
      ...told,
      source: config.sourceAt(pointer),
      inherited: ofParent.has(identity(rejection)) && !hasLeafAtOrAbove(own, pointer),
      existing: ofBefore?.has(identity(rejection)) === true && isUnchanged(pointer),
    };
  });
}

function identities(rejections: readonly Rejection[]): ReadonlySet<string> {
  return new Set(rejections.map(identity));
}

function identity({ pointer, keyword, message, finding = null }: Rejection): string {
  return `${pointer}\n${keyword}\n${message}\n${canonical(finding)}`;
}

/** Problems that an answer lists. */
const LISTED_PROBLEMS = 500;

/** What an answer lists of many problems: those that block a write first, and how many more there are. */
export function listed(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  if (problems.length <= LISTED_PROBLEMS) return problems;
  const ordered = [...problems.filter(isBlocking), ...problems.filter((problem) => !isBlocking(problem))];
  const [next, ...others] = ordered.slice(LISTED_PROBLEMS);
  const { expected: _, ...rest } = next as ConfigProblem;
  const message = `${others.length + 1} more problems are not listed`;
  return [
    ...ordered.slice(0, LISTED_PROBLEMS),
    { ...rest, pointer: "", keyword: "problems", message, source: undefined },
  ];
}

/**
 * Refuses values of which it takes too long to tell whether the schema takes them.
 * @throws StrataError BAD_USER_INPUT with limit `validationSteps`
 */
export function refuseUnjudged(rejections: readonly Rejection[]): void {
  const unjudged = rejections.find(({ keyword }) => keyword === STEPS_KEYWORD);
  if (unjudged === undefined) return;
  throw new StrataError("BAD_USER_INPUT", `The config would be over a limit: it ${unjudged.message}.`, {
    pointer: "",
    limit: STEPS_KEYWORD,
  });
}

/** Whether the override itself says something at the pointer, or replaces an ancestor of it. */
function hasLeafAtOrAbove(override: JsonObject, pointer: string): boolean {
  let value: Json = override;
  for (const token of tokensOf(pointer)) {
    if (!isObject(value)) return true;
    if (!Object.hasOwn(value, token)) return isKnownEmpty(value) && value !== override;
    value = value[token] as Json;
  }
  return !isObject(value) || (isEmpty(value) && value !== override);
}

/** Tells for pointers whether no leaf at, above or below is another after a write. Many problems share a pointer. */
export function unchangedPlaces(before: JsonObject, after: JsonObject): (pointer: string) => boolean {
  const known = new Map<string, boolean>();
  return (pointer) => {
    const verdict = known.get(pointer) ?? isUnchangedAt(before, after, tokensOf(pointer));
    known.set(pointer, verdict);
    return verdict;
  };
}

function isUnchangedAt(before: JsonObject, after: JsonObject, tokens: readonly string[]): boolean {
  let [old, now]: (Json | undefined)[] = [before, after];
  for (const [depth, token] of tokens.entries()) {
    if (depth > 0 && (isLeafBefore(old, token) || isLeafBefore(now, token))) return equals(old, now);
    [old, now] = [member(old, token), member(now, token)];
  }
  return equals(old, now);
}

/** Whether a value has nothing below it; asked on the way to one of its members. */
function isLeafBefore(value: Json | undefined, token: string): boolean {
  if (value === undefined) return false;
  return !isObject(value) || (!Object.hasOwn(value, token) && isKnownEmpty(value));
}

/** To find a large object not empty, JavaScript lists all of its keys: once is enough. */
const emptiness = new WeakMap<JsonObject, boolean>();
function isKnownEmpty(object: JsonObject): boolean {
  const known = emptiness.get(object) ?? isEmpty(object);
  emptiness.set(object, known);
  return known;
}

function member(value: Json | undefined, token: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, token) ? value[token] : undefined;
}
