import { hash } from "node:crypto";
import type { Json } from "../../domain/json/json.js";

/** The message of one keyword of one schema when it fails. Equal messages are one object. */
export interface Says {
  readonly keyword: string;
  readonly message: string;
  readonly expected?: Json;
}

/**
 * Why a schema rejects a value. Several branches may lead to the same part, which is there once: written out, such a part
 * could be there more often than there is room for.
 */
export interface Failure {
  readonly says?: Says;
  /** The member that `says` is about; else it is about the value itself. */
  readonly member?: string;
  readonly finding?: Json | (() => Json);
  /** Other failures of the same value; listed first. */
  readonly parts?: readonly Failure[];
  /** Failures of its members and items. */
  readonly inside?: readonly (readonly [key: string, failure: Failure])[];
}

/** One failure for all of them; undefined when there is none. */
export function together(failures: readonly Failure[] | undefined): Failure | undefined {
  if (failures === undefined || failures.length === 0) return undefined;
  return failures.length === 1 ? failures[0] : { parts: failures };
}

/** Where the steps of a validation are counted. */
interface Spending {
  spend(steps: number): void;
}

const STEPS_A_DIGEST = 20;
const digests = new WeakMap<Failure, string>();

/** A short text that is the same for failures that say the same: what a branch found, without a value of the caller. */
export function digestOf(failure: Failure, run: Spending): string {
  const known = digests.get(failure);
  if (known !== undefined) return known;
  run.spend(STEPS_A_DIGEST);
  const { says, member, finding } = failure;
  const own = says && [
    says.keyword,
    says.message,
    member,
    typeof finding === "function" ? finding() : finding,
  ];
  const parts = (failure.parts ?? []).map((part) => digestOf(part, run)).sort();
  const inside = (failure.inside ?? []).map(([key, failed]) => [key, digestOf(failed, run)]);
  const digest = textDigest(JSON.stringify([own, parts, inside.sort()]));
  digests.set(failure, digest);
  return digest;
}

/** Short, and not to be read back. */
export function textDigest(text: string): string {
  return hash("sha256", text, "base64url").slice(0, 22);
}
