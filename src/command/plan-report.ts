import { grouped } from "../archive/progress.js";
import type { FieldChange } from "../domain/change/field-change.js";
import { IMPACT_OUTCOMES } from "../domain/change/impact.js";
import type { Json } from "../domain/json/json.js";
import type { AccountImpact } from "../service/impact/impact-page.js";
import type { Plan, PlannedImpact, PlannedWrite, RefusedDocument } from "../service/plan/plan.js";
import type { ConfigProblem } from "../service/problems.js";

/** A plan for programs. What is absent is null, as over GraphQL. */
export function planJson({ declared, writes, refused, dormant }: Plan, prune: boolean): object {
  return {
    declared,
    prune,
    writes: writes.map((write) => ({
      file: write.file ?? null,
      accountId: write.target.accountId ?? null,
      configId: write.target.configId,
      ...write.intent,
      changes: write.changes.map(plainChange),
      impact: write.impact === undefined ? null : plainImpact(write.impact),
      etag: write.etag,
      digest: write.digest,
    })),
    refused: refused.map(({ file, message, pointer, problems }) => ({
      file,
      message,
      pointer: pointer ?? null,
      problems: problems.map(plainProblem),
    })),
    dormant,
  };
}

function plainImpact({ total, counts, digest, accounts }: PlannedImpact): object {
  return {
    total,
    counts: IMPACT_OUTCOMES.map((outcome) => ({ outcome, count: counts[outcome] })),
    digest,
    accounts: accounts.map(({ account, outcome, changes, problems }) => ({
      id: account.id,
      name: account.name,
      outcome,
      changes: changes.map(plainChange),
      problems: problems.map(plainProblem),
    })),
  };
}

export function plainChange({ pointer, before, after, sourceBefore, sourceAfter }: FieldChange): object {
  return {
    pointer,
    before: before ?? null,
    after: after ?? null,
    sourceBefore: sourceBefore ?? null,
    sourceAfter: sourceAfter ?? null,
  };
}

export function plainProblem({ pointer, keyword, message, source }: ConfigProblem): object {
  return { pointer, keyword, message, source: source ?? null };
}

/** A plan for people: each write with its changes, and for whom. */
export function planText({ writes, refused, dormant }: Plan): string {
  return [
    ...writes.map(writeText),
    ...dormant.map(
      ({ file, pointer, layer, reason }) =>
        `${file}\n  ${shown(pointer)} is stored and not in force: ${layer} has a constraint there: ${shown(reason)}\n`,
    ),
    ...refused.map(refusedText),
  ].join("\n");
}

/** The plan's last lines. */
export function planSummary({ declared, writes, refused }: Plan): string {
  const documents = (count: number) => `${grouped(count)} document${count === 1 ? "" : "s"}`;
  if (refused.length > 0)
    return `${documents(refused.length)} cannot be as declared: nothing may be applied.\n`;
  if (writes.length === 0) return `Nothing to do: ${documents(declared)} as declared.\n`;
  const broken = writes.reduce((sum, { impact }) => sum + (impact?.counts.BROKEN ?? 0), 0);
  const warning =
    broken === 0
      ? ""
      : ` ${grouped(broken)} account${broken === 1 ? "" : "s"} below break${broken === 1 ? "s" : ""}.`;
  return `${documents(writes.length)} to write, of ${grouped(declared)} declared.${warning}\n`;
}

export function nameOf({ file, target: { accountId = "system", configId } }: PlannedWrite): string {
  return file ?? `${accountId}/${configId}.json`;
}

function writeText(write: PlannedWrite): string {
  const { file, changes, impact } = write;
  const title = `${nameOf(write)}${file === undefined ? "  (not declared: what is stored goes)" : ""}\n`;
  const lines = changes.map((change) => `  ${changeText(change)}\n`);
  if (lines.length === 0) lines.push("  no value changes, only what the document keeps by itself\n");
  return title + lines.join("") + (impact === undefined ? "" : impactText(impact));
}

function impactText({ total, counts, accounts }: PlannedImpact): string {
  const told = IMPACT_OUTCOMES.filter((outcome) => counts[outcome] > 0);
  const sums = told.map((outcome) => `${grouped(counts[outcome])} ${outcome}`).join(", ");
  const more = counts.BROKEN + counts.HEALED + counts.CHANGED + counts.MOVED - accounts.length;
  return [
    `  reaches ${grouped(total)} account${total === 1 ? "" : "s"} below: ${sums}\n`,
    ...accounts.map(accountText),
    ...(more > 0 ? [`    and ${grouped(more)} more\n`] : []),
  ].join("");
}

function accountText({ account, outcome, changes, problems }: AccountImpact): string {
  const inside = (text: string) => `      ${text}\n`;
  return [
    `    ${outcome} ${account.id}\n`,
    ...changes.map((change) => inside(changeText(change))),
    ...problems.map((problem) => inside(problemText(problem))),
  ].join("");
}

function refusedText({ file, message, pointer, problems }: RefusedDocument): string {
  const isNamed = !pointer || message.includes(JSON.stringify(pointer));
  const where = isNamed ? "" : `${shown(pointer)}: `;
  const lines = problems.map((problem) => `  ${problemText(problem)}\n`);
  return [`${file}\n  refused: ${where}${message}\n`, ...lines].join("");
}

export function problemText({ pointer, message }: ConfigProblem): string {
  return `${pointer === "" ? "the config" : shown(pointer)} ${message}`;
}

export function changeText({ pointer, before, after, sourceBefore, sourceAfter }: FieldChange): string {
  const source =
    sourceBefore === sourceAfter ? sourceAfter : `${sourceBefore ?? "none"} -> ${sourceAfter ?? "none"}`;
  const isSame =
    sourceBefore !== undefined && sourceAfter !== undefined && valueText(before) === valueText(after);
  const values = isSame ? valueText(after) : `${valueText(before)} -> ${valueText(after)}`;
  return `${shown(pointer)}  ${values}  (${source})`;
}

/** Characters of a value that are shown. */
const SHOWN = 200;

function valueText(value: Json | undefined): string {
  if (value === undefined) return "(absent)";
  const text = JSON.stringify(value);
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}...`;
}

/** Keys and reasons are anybody's text: nothing in it may steer a terminal. */
export function shown(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
