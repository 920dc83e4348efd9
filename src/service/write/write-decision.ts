import { diff } from "../../domain/diff.js";
import type { EffectiveConfig } from "../../domain/effective-config.js";
import {
  checkDocumentSize,
  countLeaves,
  equals,
  isEmpty,
  type JsonObject,
  withoutNulls,
} from "../../domain/json.js";
import { applyPatch, reset } from "../../domain/patch.js";
import { atOnce, type Pieces } from "../../domain/pieces.js";
import { appendToken, tokensOf } from "../../domain/pointer.js";
import { unseenPointers, visiblePart, withVisiblePart } from "../../domain/visibility.js";
import type { ConfigSchema, Perspective } from "../../schema/config-schema.js";
import {
  type ConfigProblem,
  isBlocking,
  listed,
  problemsInPieces,
  refuseUnjudged,
  unchangedPlaces,
} from "../problems.js";

/** The change to one document that a caller asks for. Values and patches have passed `checkJson`. */
export type WriteIntent =
  | { readonly kind: "SET"; readonly values: JsonObject }
  | { readonly kind: "PATCH"; readonly patch: JsonObject }
  /** No pointers: the whole document. */
  | { readonly kind: "RESET"; readonly pointers: readonly string[] | undefined }
  /** The document as it was at a revision, visible or not; undefined: it was removed then. */
  | { readonly kind: "RESTORE"; readonly revision: number; readonly document: JsonObject | undefined };

/** The document after the write, and the problems that may forbid it. */
export interface WriteDecision {
  /** All of it, visible or not; empty: the document goes. */
  readonly override: JsonObject;
  /** The part of it that is visible from here; undefined: nothing. */
  readonly visible: JsonObject | undefined;
  /** False: it equals what is stored, and nothing is to be written. */
  readonly changes: boolean;
  readonly after: EffectiveConfig;
  /** Everything wrong with the result; those neither `inherited` nor `existing` forbid the write. */
  readonly problems: readonly ConfigProblem[];
}

/** Fields that are judged by themselves first. */
const MANY_FIELDS = 500;

/**
 * Decides a write, from the layers alone: no I/O, no clock.
 * @param stored the whole document as it is, visible or not
 * @param before the effective config now, its highest layer the one to be written
 * @throws StrataError BAD_USER_INPUT for a malformed pointer, or when the document or judging it would pass a limit
 */
export function decideWrite(...given: Parameters<typeof decideInPieces>): WriteDecision {
  return atOnce(decideInPieces(...given));
}

/** The same in pieces, so that others have their turn between them. */
export function* decideInPieces(
  intent: WriteIntent,
  stored: JsonObject,
  before: EffectiveConfig,
  schema: ConfigSchema,
  perspective: Perspective,
): Pieces<WriteDecision> {
  const sent = sentValues(intent, stored, perspective);
  // Patterns decide what is visible too: a part that takes too long to judge is refused before anything else is done with it.
  if (sent !== undefined && countLeaves(sent) > MANY_FIELDS) refuseUnjudged(perspective.validate(sent));
  yield;
  const override = overrideAfter(intent, stored, before.parent().values, perspective);
  const visible = visiblePart(override, perspective.visibility);
  const [highest] = before.layers;
  if (highest === undefined) throw new Error("a config has at least the layer that is written");
  const { kind, accountId } = highest;
  const after = before.withHighest({
    kind,
    ...(accountId !== undefined && { accountId }),
    document: visible,
  });
  const changes = !equals(override, stored);
  // Dropping overrides is never refused, and a patch of nulls does nothing else.
  if (sent === undefined) return { override, visible, changes, after, problems: [] };
  if (changes) checkDocumentSize(override);
  const undeclared = undeclaredProblems(sent, schema, perspective, before, after);
  const named = new Set(undeclared.filter(isBlocking).map(({ pointer }) => pointer));
  yield;
  const rejected = yield* problemsInPieces(after, perspective, before);
  refuseUnjudged(rejected);
  const others = rejected.filter(({ pointer }) => !named.has(pointer));
  return { override, visible, changes, after, problems: listed([...undeclared, ...others]) };
}

function overrideAfter(
  intent: WriteIntent,
  stored: JsonObject,
  parent: JsonObject,
  perspective: Perspective,
): JsonObject {
  switch (intent.kind) {
    case "SET":
      return diff(given(intent.values, perspective), parent);
    case "PATCH":
      return applyPatch(stored, parent, withoutIgnored(intent.patch, perspective));
    case "RESET":
      return reset(stored, intent.pointers);
    case "RESTORE":
      return withVisiblePart(stored, visibleOf(intent, perspective), perspective.visibility);
  }
}

/**
 * What a restore puts back. Today's schema may hide some of what the document was: no caller asks for that, and an answer
 * that depended on it would tell of it.
 */
function visibleOf(
  { document = {} }: Extract<WriteIntent, { kind: "RESTORE" }>,
  { visibility }: Perspective,
): JsonObject {
  return visiblePart(document, visibility) ?? {};
}

/** Clients send back the `id` that they were answered with; it is no setting unless the schema names it. */
function withoutIgnored(values: JsonObject, perspective: Perspective): JsonObject {
  if (!Object.hasOwn(values, "id") || values.id === null || perspective.names("id")) return values;
  const { id: _ignored, ...rest } = values;
  return rest;
}

function given(values: JsonObject, perspective: Perspective): JsonObject {
  return (withoutNulls(withoutIgnored(values, perspective)) ?? {}) as JsonObject;
}

/** The values that a caller wants in force; undefined when all that is asked for is to drop overrides. */
function sentValues(
  intent: WriteIntent,
  stored: JsonObject,
  perspective: Perspective,
): JsonObject | undefined {
  switch (intent.kind) {
    case "SET":
      return given(intent.values, perspective);
    case "PATCH": {
      const sent = given(intent.patch, perspective);
      return isEmpty(sent) ? undefined : sent;
    }
    case "RESET":
      return undefined;
    case "RESTORE": {
      // What is stored like that already is not asked for: it may be left over from an older schema folder.
      const put = diff(visibleOf(intent, perspective), stored);
      return isEmpty(put) ? undefined : put;
    }
  }
}

/**
 * What was sent that may not be set here, whatever its value (R12). What the caller saw in force, and sends back as it was,
 * is `existing`. Equal values that it did not see are no exception: it could guess them so.
 */
function undeclaredProblems(
  sent: JsonObject,
  schema: ConfigSchema,
  perspective: Perspective,
  before: EffectiveConfig,
  after: EffectiveConfig,
): ConfigProblem[] {
  const reserved = Object.keys(sent).filter((key) => /^(_|pvt_)/.test(key) && !perspective.names(key));
  const unseen = unseenPointers(sent, perspective.writable);
  const pointers = new Set([...reserved.map((key) => appendToken("", key)), ...unseen]);
  const isUnchanged = unchangedPlaces(before.values, after.values);
  return [...pointers].map((pointer) => {
    const source = before.sourceAt(pointer);
    const existing = source !== undefined && isUnchanged(pointer);
    const systemOnly = perspective !== schema.forSystem && schema.isSystemWide(tokensOf(pointer));
    return {
      pointer,
      keyword: systemOnly ? "systemOnly" : "unknown",
      message: systemOnly
        ? "is a system-wide setting; an account cannot set it"
        : "is not a setting of this config; its schema lists those there are",
      source: existing ? source : after.layers[0]?.kind,
      inherited: false,
      existing,
    };
  });
}
