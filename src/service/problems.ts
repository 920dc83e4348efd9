import { StrataError } from "../domain/errors.js";
import { equals, isEmpty, isObject, type Json, type JsonObject } from "../domain/json/json.js";
import { tokensOf } from "../domain/json/pointer.js";
import type { EffectiveConfig } from "../domain/merge/effective-config.js";
import type { LayerKind } from "../domain/merge/layer.js";
import { atOnce, type Pieces } from "../domain/pieces.js";
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
 * The problems of a config's values (R12), each with the layer it comes from.
 * @param before the config before the write that led to it; undefined: there was none
 */
export function problemsOf(
  config: EffectiveConfig,
  perspective: Perspective,
  before?: EffectiveConfig,
): ConfigProblem[] {
  return atOnce(problemsInPieces(config, perspective, before));
}

/** The same in pieces, so that others have their turn between them: up to three configs have to be judged. */
export function* problemsInPieces(
  config: EffectiveConfig,
  perspective: Perspective,
  before?: EffectiveConfig,
): Pieces<ConfigProblem[]> {
  const rejections = perspective.validate(config.values);
  if (rejections.length === 0) return [];
  const placeOf = places(config, before);
  yield;
  const isOfParent = rejections.every(({ pointer }) => placeOf(pointer).isOwn)
    ? nowhere
    : amongst(perspective.validate(config.parent().values));
  yield;
  const wasThere =
    before === undefined || !rejections.some(({ pointer }) => placeOf(pointer).isUnchanged)
      ? nowhere
      : amongst(perspective.validate(before.values));
  yield;
  return rejections.map((rejection): ConfigProblem => {
    const { finding: _unseen, ...told } = rejection;
    const { isOwn, isUnchanged, source } = placeOf(rejection.pointer);
    return {
      ...told,
      source,
      inherited: !isOwn && isOfParent(rejection),
      existing: isUnchanged && wasThere(rejection),
    };
  });
}

/** Facts about a pointer that has problems; several problems can share it. */
interface PlaceFacts {
  readonly source: LayerKind | undefined;
  /** Whether the highest layer has a leaf there or above. */
  readonly isOwn: boolean;
  readonly isUnchanged: boolean;
}

function places(
  config: EffectiveConfig,
  before: EffectiveConfig | undefined,
): (pointer: string) => PlaceFacts {
  const own = config.admitted ?? {};
  return perPlace((pointer) => {
    const tokens = tokensOf(pointer);
    return {
      source: config.sourceAt(pointer),
      isOwn: hasLeafAtOrAbove(own, tokens),
      isUnchanged: before !== undefined && isUnchangedAt(before.values, config.values, tokens),
    };
  });
}

function perPlace<T>(tell: (pointer: string) => T): (pointer: string) => T {
  const known = new Map<string, T>();
  return (pointer) => {
    const told = known.get(pointer) ?? tell(pointer);
    known.set(pointer, told);
    return told;
  };
}

const nowhere = () => false;

/** Tells whether the same rejection is one of these: they are looked up by their place first. */
function amongst(rejections: readonly Rejection[]): (rejection: Rejection) => boolean {
  const byPlace = new Map<string, Rejection[]>();
  for (const rejection of rejections) {
    const here = byPlace.get(rejection.pointer);
    if (here === undefined) byPlace.set(rejection.pointer, [rejection]);
    else here.push(rejection);
  }
  return (rejection) => byPlace.get(rejection.pointer)?.some((known) => isSame(known, rejection)) === true;
}

function isSame(a: Rejection, b: Rejection): boolean {
  return a.keyword === b.keyword && a.message === b.message && equals(a.finding ?? null, b.finding ?? null);
}

/** Problems that an answer lists. */
const LISTED_PROBLEMS = 500;

/** Bounds the list of problems: those that block a write come first, and the last entry counts the rest. */
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
function hasLeafAtOrAbove(override: JsonObject, tokens: readonly string[]): boolean {
  let value: Json = override;
  for (const token of tokens) {
    if (!isObject(value)) return true;
    if (!Object.hasOwn(value, token)) return isKnownEmpty(value) && value !== override;
    value = value[token] as Json;
  }
  return !isObject(value) || (isEmpty(value) && value !== override);
}

/** Tells for pointers whether no leaf at, above or below is another after a write. */
export function unchangedPlaces(before: JsonObject, after: JsonObject): (pointer: string) => boolean {
  return perPlace((pointer) => isUnchangedAt(before, after, tokensOf(pointer)));
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
