import { RE2JS } from "re2js";
import type { Part } from "./pattern-syntax.js";

/**
 * How many places of a pattern a text can be at, at one time: what the engine follows for each character. Counts make it
 * many only where they can be begun at more than one place of the text, and of one character no more than the text has.
 * Rather too many than too few.
 * @param length that texts have at most
 */
export function widthOf(branches: readonly (readonly Part[])[], length: number): number {
  return branches.reduce((sum, parts) => sum + widthOfBranch(parts, !isStart(parts[0]), length), 0);
}

/** Characters in a row are followed at many places at one time only by texts that repeat themselves. */
const A_CHARACTER = 1 / 8;

/** @param isOften whether more than one place of the text can lead to the first part at one time */
function widthOfBranch(parts: readonly Part[], isOften: boolean, length: number): number {
  let width = 0;
  let often = isOften;
  let before = NOTHING;
  for (const [index, part] of parts.entries()) {
    const inner = part.kind === "repeat" ? part.part : part;
    const isEntered = often || (part.kind === "repeat" && inner.kind === "group" && !isDelimited(inner));
    const once =
      inner.kind === "group"
        ? sum(inner.branches.map((branch) => widthOfBranch(branch, isEntered, length)))
        : 1;
    if (part.kind === "text") width += A_CHARACTER;
    else width += part.kind === "repeat" && isEntered ? once * copiesOf(part, length) : once;
    often ||= !keepsPace(part, parts[index + 1]);
    // Wherever a text was, only at this character can it go on.
    if (isApart(part, before)) often = isOften;
    before |= takenBy(part);
  }
  return width;
}

/** Whether all ways through a part end at the same place of the text, or only one of them can go on. */
function keepsPace(part: Part, next: Part | undefined): boolean {
  if (lengthOf(part) !== undefined || next === undefined) return true;
  if (part.kind !== "repeat") return false;
  const last = part.part.kind === "text" ? part.part : delimiterOf(part.part);
  return last !== undefined && isApart(last, takenBy(next));
}

function copiesOf({ part, min, max }: Extract<Part, { kind: "repeat" }>, length: number): number {
  const copies = max === Number.POSITIVE_INFINITY ? Math.max(1, min) : max;
  return part.kind === "text" && part.isOne ? Math.min(copies, length + 1) : copies;
}

/** Whether each round of a group ends with a character that is nowhere else in it. */
function isDelimited(group: Part): boolean {
  return delimiterOf(group) !== undefined;
}

function delimiterOf(group: Part): Part | undefined {
  if (group.kind !== "group" || group.branches.length !== 1) return undefined;
  const parts = group.branches[0] ?? [];
  const last = parts.at(-1);
  return last !== undefined && isApart(last, allTakenBy(parts.slice(0, -1))) ? last : undefined;
}

/** Whether a part is one character that is none of the others. */
function isApart(part: Part, others: Characters): boolean {
  return part.kind === "text" && part.isOne && (takenBy(part) & others) === NOTHING;
}

/** Which of the samples some parts take, a bit for each. */
type Characters = bigint;
const NOTHING: Characters = 0n;
/** ASCII, and some of what lies beyond it. */
const SAMPLES = [
  ...Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)),
  ..."\u00a0éЖ中\u2028\ufeff𝒳",
];
const known = new Map<string, Characters>();

function takenBy(part: Part): Characters {
  if (part.kind === "repeat") return takenBy(part.part);
  if (part.kind === "group") return allTakenBy(part.branches.flat());
  if (!part.isOne) return NOTHING;
  const taken = known.get(part.text) ?? samplesOf(part.text);
  known.set(part.text, taken);
  return taken;
}

function allTakenBy(parts: readonly Part[]): Characters {
  return parts.reduce((all, part) => all | takenBy(part), NOTHING);
}

function samplesOf(text: string): Characters {
  const engine = RE2JS.compile(`^(?:${text})$`);
  const bits = SAMPLES.map((sample, index) => (engine.test(sample) ? 1n << BigInt(index) : NOTHING));
  return bits.reduce((all, bit) => all | bit, NOTHING);
}

/** Characters that a part takes, where that is always the same number. */
function lengthOf(part: Part): number | undefined {
  if (part.kind === "text") return part.isOne ? 1 : 0;
  if (part.kind === "repeat") {
    const length = lengthOf(part.part);
    return part.min === part.max && length !== undefined ? length * part.min : undefined;
  }
  const lengths = part.branches.map((parts) =>
    parts
      .map(lengthOf)
      .reduce((total, one) => (total === undefined || one === undefined ? undefined : total + one), 0),
  );
  return new Set(lengths).size === 1 ? lengths[0] : undefined;
}

function isStart(part: Part | undefined): boolean {
  return part?.kind === "text" && part.text === "^";
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
