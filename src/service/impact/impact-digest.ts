import { hash } from "node:crypto";
import type { FieldChange } from "../../domain/change/field-change.js";
import { type AccountEffect, IMPACT_OUTCOMES, type KnownProblem } from "../../domain/change/impact.js";
import { canonical, type Json } from "../../domain/json/json.js";

const MODULUS = 2n ** 256n;

/** Names a set of accounts with what happens to each, whatever the order that they come in. */
export class ImpactDigest {
  #sum = 0n;
  #count = 0;

  /** @param effect as `effectText` makes it */
  add(accountId: string, effect: string): void {
    this.#count++;
    this.#sum = (this.#sum + BigInt(`0x${hash("sha256", `${accountId} ${effect}`, "hex")}`)) % MODULUS;
  }

  get text(): string {
    return hash("sha256", `${this.#count} ${this.#sum.toString(16)}`, "base64url");
  }
}

/** One text for all that happens to an account; accounts to which the same happens have the same. */
export function effectText({ outcome, changes, problems }: AccountEffect<KnownProblem>): string {
  if (changes.length === 0 && problems.length === 0) return outcome;
  const told = [
    IMPACT_OUTCOMES.indexOf(outcome),
    changes.map(changed).sort(byPointer),
    problems.map(({ pointer, keyword, message }) => [pointer, keyword, message]),
  ];
  return hash("sha256", canonical(told as Json), "base64url");
}

function changed({ pointer, before, after, sourceBefore, sourceAfter }: FieldChange): Json[] {
  return [
    pointer,
    before === undefined ? [] : [before],
    after === undefined ? [] : [after],
    sourceBefore ?? null,
    sourceAfter ?? null,
  ];
}

function byPointer([a]: readonly Json[], [b]: readonly Json[]): number {
  return String(a) < String(b) ? -1 : 1;
}
