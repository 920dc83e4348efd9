import { StrataError } from "../../domain/errors.js";
import { checkJson, isEmpty, isObject, type Json, withoutNulls } from "../../domain/json/json.js";
import { appendToken, tokensOf } from "../../domain/json/pointer.js";
import { reset } from "../../domain/write/patch.js";
import type { Rejection, Validate } from "../validation.js";
import type { OwnDefault } from "./defaults.js";

/** The part of a default that is left out: a member, or (no tokens) all of it. */
export interface RejectedPart {
  readonly tokens: readonly string[];
  readonly reason: string;
}

interface SoundPart {
  /** Undefined: nothing. */
  readonly part: Json | undefined;
  readonly leftOut: readonly RejectedPart[];
}

/** Times a default is looked at again without the members that were bad; then all of it goes. */
const ROUNDS = 100;

/** Keywords that do not say which member is to blame: what their branches say about members need not hold. */
const BRANCHING: ReadonlySet<string> = new Set(["anyOf", "oneOf"]);

/**
 * The part of a default that counts (R6): without the members that its schema rejects, at any depth, or that no document may
 * hold. Where no member is to blame, nothing of it counts. Such a member is like null: an object that loses its last one goes.
 */
export function soundPart({ given, isRoot, complete }: OwnDefault, validate: Validate): SoundPart {
  if (isRoot && !isObject(given) && given !== null) return nothing("is not an object");
  const fit = fitPart(given);
  const own = fit.part === undefined ? undefined : withoutNulls(fit.part);
  if (own === undefined) return { ...fit, part: undefined };
  const alone = (part: Json) => part;
  const isSound = (part: Json) => validate(part).length === 0 || validate(complete(part)).length === 0;
  // A default may need its members' defaults to be whole, or be sound only without them.
  for (const whole of [complete, alone]) {
    const found = withoutRejected(own, isSound, (part) => toBlame(part, whole(part), validate));
    if (found !== undefined) return { part: found.part, leftOut: [...fit.leftOut, ...found.leftOut] };
  }
  const [first] = validate(own);
  return nothing(`is rejected by its own schema (${first && told(first)})`);
}

function nothing(reason: string): SoundPart {
  return { part: undefined, leftOut: [{ tokens: [], reason }] };
}

function told({ pointer, message }: Rejection): string {
  return pointer === "" ? message : `${pointer} ${message}`;
}

/** Without what no document may hold. */
function fitPart(given: Json): SoundPart {
  const leftOut: RejectedPart[] = [];
  let part: Json | undefined = given;
  for (let round = 0; part !== undefined; round++) {
    const flaw = flawOf(part);
    if (flaw === undefined) return { part, leftOut };
    const tokens = memberAt(part, tokensOf(flaw.pointer ?? ""));
    const reason = `is nothing that a document may hold (${flaw.message.replace(/\.$/, "")})`;
    if (tokens.length === 0 || flaw.limit !== undefined || round === ROUNDS) return nothing(reason);
    leftOut.push({ tokens, reason });
    part = without(part, [{ tokens, reason }]);
  }
  return { part, leftOut };
}

function flawOf(value: Json): StrataError | undefined {
  try {
    checkJson(value);
    return undefined;
  } catch (error) {
    if (error instanceof StrataError) return error;
    throw error;
  }
}

/** Takes out what is to blame, the innermost first, until the rest is sound; undefined where that does not help. */
function withoutRejected(
  own: Json,
  isSound: (part: Json) => boolean,
  blamed: (part: Json) => readonly RejectedPart[],
): SoundPart | undefined {
  const leftOut: RejectedPart[] = [];
  let part: Json | undefined = own;
  for (let round = 0; round < ROUNDS; round++) {
    if (part === undefined || isSound(part)) return { part, leftOut };
    const bad = innermost(blamed(part));
    if (bad.length === 0) return undefined;
    leftOut.push(...bad);
    part = without(part, bad);
  }
  return undefined;
}

/** The members of a part that its schema rejects; no tokens: the part as a whole. What completes it is not to blame. */
function toBlame(part: Json, whole: Json, validate: Validate): RejectedPart[] {
  const rejections = validate(whole);
  const branching = new Set(
    rejections.filter(({ keyword }) => BRANCHING.has(keyword)).map(({ pointer }) => pointer),
  );
  return rejections.flatMap(({ pointer, keyword, message }) => {
    const path = tokensOf(pointer);
    const tokens = memberAt(part, path);
    if (memberAt(whole, path).length > tokens.length) return [];
    const above = path.map((_, depth) => path.slice(0, depth).reduce(appendToken, ""));
    const isBranch =
      above.some((at) => branching.has(at)) || (branching.has(pointer) && !BRANCHING.has(keyword));
    return isBranch ? [] : [{ tokens, reason: `is rejected by the default's own schema (${message})` }];
  });
}

/** Of several places, one below the other, the lowest; each once. */
function innermost(places: readonly RejectedPart[]): RejectedPart[] {
  const byPlace = new Map<string, RejectedPart>();
  const above = new Set<string>();
  for (const place of places) {
    const key = JSON.stringify(place.tokens);
    if (!byPlace.has(key)) byPlace.set(key, place);
    for (let depth = 0; depth < place.tokens.length; depth++)
      above.add(JSON.stringify(place.tokens.slice(0, depth)));
  }
  return [...byPlace].flatMap(([key, place]) => (above.has(key) || place.tokens.length === 0 ? [] : [place]));
}

/** As far as tokens lead to members that are there: not into arrays, which are values as a whole. */
function memberAt(value: Json, tokens: readonly string[]): readonly string[] {
  let at: Json = value;
  for (const [depth, token] of tokens.entries()) {
    if (!isObject(at) || !Object.hasOwn(at, token)) return tokens.slice(0, depth);
    at = at[token] as Json;
  }
  return tokens;
}

/** Without members, and without the objects that have no others; undefined: nothing is left. */
function without(part: Json, members: readonly RejectedPart[]): Json | undefined {
  if (!isObject(part)) return part;
  const left = reset(
    part,
    members.map(({ tokens }) => tokens.reduce(appendToken, "")),
  );
  return isEmpty(left) ? undefined : left;
}
