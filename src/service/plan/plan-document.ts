import { hash } from "node:crypto";
import type { ImpactOutcome } from "../../domain/change/impact.js";
import { type ErrorCode, StrataError } from "../../domain/errors.js";
import { canonical, isEmpty, isObject, type Json, type JsonObject } from "../../domain/json/json.js";
import { appendToken, tokensOf } from "../../domain/json/pointer.js";
import type { ImpactReport } from "../impact/impact-report.js";
import { isBlocking } from "../problems.js";
import type { ConfigSnapshot } from "../read/config-snapshot.js";
import { wholeConfig } from "../read/whole-config.js";
import type { DeclaredDocument } from "./declared-folder.js";
import type { DormantValue, PlanGround, PlannedImpact, PlannedWrite, RefusedDocument } from "./plan.js";
import { PLANNER } from "./plan-principal.js";
import { tryWrite, wantedIntent } from "./wanted-write.js";

/** What becomes of one document: a write, a refusal, or (neither) nothing. */
export interface PlannedDocument {
  readonly write?: PlannedWrite;
  readonly refused?: RefusedDocument;
  readonly dormant: readonly DormantValue[];
}

export interface PlanDocumentOptions {
  readonly prune: boolean;
  readonly accounts: number;
}

/** Refusals of one document that say nothing about the others. */
const OF_THE_DOCUMENT: ReadonlySet<ErrorCode> = new Set([
  "ACCOUNT_NOT_FOUND",
  "BAD_USER_INPUT",
  "CONFIG_NOT_FOUND",
]);
const CHANGED: readonly ImpactOutcome[] = ["BROKEN", "HEALED", "CHANGED", "MOVED"];

/** Makes one document on the ground what is declared. @throws StrataError STORE_UNAVAILABLE */
export async function planDocument(
  ground: PlanGround,
  document: DeclaredDocument,
  options: PlanDocumentOptions,
): Promise<PlannedDocument> {
  try {
    return await planned(ground, document, options);
  } catch (error) {
    if (!(error instanceof StrataError) || !OF_THE_DOCUMENT.has(error.code)) throw error;
    const { message, pointer } = error;
    return { refused: { file: nameOf(document), message, pointer, problems: [] }, dormant: [] };
  }
}

async function planned(
  { store, configs }: PlanGround,
  document: DeclaredDocument,
  { prune, accounts }: PlanDocumentOptions,
): Promise<PlannedDocument> {
  const { file, target, values } = document;
  const before = await wholeConfig(store, configs, PLANNER, target);
  const wanted = wantedIntent(values, before, prune);
  if (wanted === undefined) return { dormant: dormantValues(document, before) };
  const { intent, result } = await tryWrite(configs, target, wanted);
  if (result.result === "invalid") {
    const problems = result.problems.filter(isBlocking);
    const message = "It cannot be written like that.";
    return { refused: { file: nameOf(document), message, problems }, dormant: [] };
  }
  if (result.result === "conflict") throw new Error("a write without a condition conflicted");
  const dormant = dormantValues(document, result.snapshot);
  if (result.revision === undefined) return { dormant };
  const report = await result.impact();
  const { etag } = before;
  const impact = report && (await listedImpact(report, accounts));
  const digest = digestOf([
    target.accountId ?? null,
    target.configId,
    { ...intent },
    etag,
    report?.digest ?? null,
  ]);
  const { changes } = result;
  return { write: { file, target, intent, etag, changes, impact, digest }, dormant };
}

async function listedImpact(report: ImpactReport, first: number): Promise<PlannedImpact> {
  const { total, counts, digest } = report;
  const { edges } = await report.accounts({ first, outcomes: CHANGED });
  return { total, counts, digest, accounts: edges.map(({ impact }) => impact) };
}

/** What is declared, held by the document, and not in force all the same. */
function dormantValues({ file, values }: DeclaredDocument, { config }: ConfigSnapshot): DormantValue[] {
  if (file === undefined) return [];
  const own = config.layers.length - 1;
  const found = new Map<string, DormantValue>();
  for (const { layer, pointer: at, binding } of config.dormant) {
    const pointer = layer === own ? declaredPlace(values, at) : undefined;
    // An object is in force that is declared to be one: the rest of it is not declared.
    if (pointer === undefined || (pointer !== at && isObject(config.valueAt(pointer)))) continue;
    const { kind } = config.layerOf(binding);
    found.set(pointer, { file, pointer, layer: kind, reason: binding.constraint.reason });
  }
  return [...found.values()];
}

/** Where something is declared of a leaf: at its place, or above it, by an empty object. */
function declaredPlace(values: JsonObject, leaf: string): string | undefined {
  let [value, pointer]: [Json, string] = [values, ""];
  for (const token of tokensOf(leaf)) {
    if (!isObject(value)) return undefined;
    if (!Object.hasOwn(value, token)) return isEmpty(value) && pointer !== "" ? pointer : undefined;
    value = value[token] as Json;
    pointer = appendToken(pointer, token);
  }
  return value === null ? undefined : pointer;
}

function digestOf(parts: readonly unknown[]): string {
  return hash("sha256", canonical(parts as Json), "base64url");
}

function nameOf({ file, target: { accountId = "system", configId } }: DeclaredDocument): string {
  return file ?? `${accountId}/${configId}`;
}
