import { countLeaves, isEmpty, type JsonObject, withoutNulls } from "../../domain/json/json.js";
import { appendToken, tokensOf } from "../../domain/json/pointer.js";
import { type Constraint, constraintsAfter, inOrder } from "../../domain/merge/constraint.js";
import type { EffectiveConfig } from "../../domain/merge/effective-config.js";
import { isVisibleAt, unseenPointers, withVisiblePart } from "../../domain/merge/visibility.js";
import { atOnce, type Pieces } from "../../domain/pieces.js";
import { diff } from "../../domain/write/diff.js";
import { applyPatch, reset } from "../../domain/write/patch.js";
import { PinTree } from "../../domain/write/pins.js";
import type { ConfigSchema, Perspective } from "../../schema/config-schema.js";
import type { DocumentContent } from "../../store/store.js";
import {
  type ConfigProblem,
  isBlocking,
  listed,
  problemsInPieces,
  refuseUnjudged,
  unchangedPlaces,
} from "../problems.js";
import { type VisibleContent, visibleContent } from "../read/visible-layer.js";
import { dormantProblems, unseenConstraints } from "./constraint-problems.js";
import { checkContentSize, contentOf, sameContent } from "./document-content.js";
import { configAfter, lastingPins, withPins } from "./pinned-content.js";

/** The change to one document that a caller asks for. Values and patches have passed `checkJson`. */
export type WriteIntent =
  | { readonly kind: "SET"; readonly values: JsonObject; readonly pin?: readonly string[] | undefined }
  | { readonly kind: "PATCH"; readonly patch: JsonObject; readonly pin?: readonly string[] | undefined }
  /** No pointers: the whole document. */
  | { readonly kind: "RESET"; readonly pointers: readonly string[] | undefined }
  /** The document as it was at a revision, visible or not. */
  | { readonly kind: "RESTORE"; readonly revision: number; readonly content: DocumentContent }
  /** Constraints have passed `checkConstraint`. */
  | { readonly kind: "CONSTRAIN"; readonly set: readonly Constraint[]; readonly remove: readonly string[] };

/** The document after the write, and the problems that may forbid it. */
export interface WriteDecision {
  /** All of it, visible or not; no override: the document goes. */
  readonly content: DocumentContent;
  /** The part of it that is visible from here; undefined: nothing. */
  readonly visible: VisibleContent | undefined;
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
 * @throws StrataError BAD_USER_INPUT for a malformed pointer, for a pin where nothing is in force, or when the document or
 * judging it would pass a limit
 */
export function decideWrite(...given: Parameters<typeof decideInPieces>): WriteDecision {
  return atOnce(decideInPieces(...given));
}

/** The same in pieces, so that others have their turn between them. */
export function* decideInPieces(
  intent: WriteIntent,
  stored: DocumentContent,
  before: EffectiveConfig,
  schema: ConfigSchema,
  perspective: Perspective,
): Pieces<WriteDecision> {
  const sent = sentValues(intent, stored, perspective);
  // Patterns decide what is visible too: a part that takes too long to judge is refused before anything else is done with it.
  if (sent !== undefined && countLeaves(sent) > MANY_FIELDS) refuseUnjudged(perspective.validate(sent));
  yield;
  const written = contentAfter(intent, stored, { before, perspective, sent });
  const content = yield* withPins(written, pinOf(intent), before, perspective);
  const visible = visibleContent(content, perspective);
  const after = configAfter(before, visible);
  const changes = !sameContent(content, stored);
  const constraints = unseenConstraints(content, stored, schema, after);
  // Dropping overrides is never refused, and a patch of nulls does nothing else.
  const isDrop = sent === undefined && pinOf(intent).length === 0;
  if (changes && (!isDrop || intent.kind === "CONSTRAIN")) checkContentSize(content);
  if (isDrop) return { content, visible, changes, after, problems: listed(constraints) };
  const undeclared = sent === undefined ? [] : undeclaredProblems(sent, schema, perspective, before, after);
  yield;
  const refused = [...constraints, ...undeclared, ...dormantProblems(before, after, sent)];
  const named = new Set(refused.filter(isBlocking).map(({ pointer }) => pointer));
  yield;
  const rejected = yield* problemsInPieces(after, perspective, before);
  refuseUnjudged(rejected);
  const others = rejected.filter(({ pointer }) => !named.has(pointer));
  return { content, visible, changes, after, problems: listed([...refused, ...others]) };
}

function pinOf(intent: WriteIntent): readonly string[] {
  return "pin" in intent ? (intent.pin ?? []) : [];
}

/** The document without the pins that the write asks for. */
function contentAfter(
  intent: WriteIntent,
  { override: stored = {}, constraints = [], pins = [] }: DocumentContent,
  { before, perspective, sent }: Given,
): DocumentContent {
  const parent = before.parent().values;
  const leftPins = (): PinTree | undefined => PinTree.of(lastingPins(pins, before, sent));
  switch (intent.kind) {
    case "SET":
      return contentOf(diff(sent ?? {}, parent, leftPins()), constraints, pins);
    case "PATCH": {
      const patch = withoutIgnored(intent.patch, perspective);
      return contentOf(applyPatch(stored, parent, patch, leftPins()), constraints, pins);
    }
    case "RESET":
      return contentOf(reset(stored, intent.pointers), constraints, pins);
    case "RESTORE":
      return restored(intent.content, { override: stored, constraints, pins }, perspective);
    case "CONSTRAIN":
      return contentOf(stored, constraintsAfter(constraints, intent), pins);
  }
}

/**
 * What a restore makes of a document. Today's schema may hide some of what it was: no caller asks for that, and an answer
 * that depended on it would tell of it.
 */
function restored(
  past: DocumentContent,
  stored: Required<DocumentContent>,
  perspective: Perspective,
): DocumentContent {
  const { visibility } = perspective;
  const { document = {}, constraints = [], pins = [] } = visibleContent(past, perspective) ?? {};
  const isHidden = (pointer: string) => !isVisibleAt(visibility, tokensOf(pointer));
  const hidden = stored.constraints.filter(({ pointer }) => isHidden(pointer));
  const override = withVisiblePart(stored.override ?? {}, document, visibility);
  return contentOf(override, inOrder([...hidden, ...constraints]), [
    ...stored.pins.filter(isHidden),
    ...pins,
  ]);
}

/** What a document is decided from. */
interface Given {
  readonly before: EffectiveConfig;
  readonly perspective: Perspective;
  readonly sent: JsonObject | undefined;
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
  { override: stored = {} }: DocumentContent,
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
    case "CONSTRAIN":
      return undefined;
    case "RESTORE": {
      // What is stored like that already is not asked for: it may be left over from an older schema folder.
      const put = diff(visibleContent(intent.content, perspective)?.document ?? {}, stored);
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
