import { writeFile } from "node:fs/promises";
import { createProgress, grouped, type Terminal } from "../archive/progress.js";
import { makePlan } from "../service/plan/make-plan.js";
import type { Plan, PlanGround } from "../service/plan/plan.js";
import { type GivenOptions, readOptions, UsageError } from "./command-options.js";
import { COMMAND_TABLE } from "./command-table.js";
import { readDeclared } from "./declared-files.js";
import { planJson, planSummary, planText } from "./plan-report.js";

/** A store to plan on. */
export interface OpenedPlan {
  /** A ground that nothing was tried on yet. @param onListed told of accounts that are looked at: how many */
  readonly ground: (onListed: (accounts: number) => void) => PlanGround;
  close(): Promise<void>;
}

export interface PlanContext {
  /** Opens the store to read from; absent: the one that the service would use. */
  readonly open: (store: string | undefined) => Promise<OpenedPlan>;
  readonly stdout: Pick<NodeJS.WritableStream, "write">;
  readonly stderr: Terminal;
}

/** What a plan's exit code says. */
export const PLAN_EXIT = { asDeclared: 0, refused: 1, changes: 2 } as const;

/** Accounts of each impact that are listed. */
const LISTED = 10;
const MOST_LISTED = 1_000;

/**
 * `plan <folder> [--prune] [--json] [--out <file>] [--accounts <n>] [--store <url>]`: tells what would have to be written so
 * that documents hold what files declare, field by field, and for whom. Writes nothing to the store.
 * @returns the exit code: 0 nothing is to be done, 1 something declared cannot be, 2 something is to be written
 * @throws UsageError when it is not given like that; StrataError when it cannot be done
 */
export async function planCommand(
  args: readonly string[],
  { open, stdout, stderr }: PlanContext,
): Promise<number> {
  const options = readOptions(args, COMMAND_TABLE.plan.options);
  const folder = folderIn(options);
  const wanted = { prune: options.isSet("prune"), accounts: accountsIn(options) };
  const opened = await open(options.value("store"));
  try {
    const plan = await planWithProgress(opened, folder, wanted, stderr);
    const json = () => `${JSON.stringify(planJson(plan, wanted.prune), null, 2)}\n`;
    const out = options.value("out");
    if (out !== undefined) await writeOut(out, json());
    stdout.write(options.isSet("json") ? json() : `${spaced(planText(plan))}${planSummary(plan)}`);
    if (plan.refused.length > 0) return PLAN_EXIT.refused;
    return plan.writes.length > 0 ? PLAN_EXIT.changes : PLAN_EXIT.asDeclared;
  } finally {
    await opened.close();
  }
}

async function writeOut(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`The file of --out, ${file}, cannot be written (${error.code ?? "unknown"}).`, {
      cause: error,
    });
  });
}

/** Plans, and shows how far it is. @throws StrataError */
export async function planWithProgress(
  opened: OpenedPlan,
  folder: string,
  wanted: { readonly prune: boolean; readonly accounts: number },
  stderr: Terminal,
): Promise<Plan> {
  const progress = createProgress(stderr);
  let [done, all, looked] = [0, 0, 0];
  const show = () =>
    progress.show(
      () => `Planning: ${grouped(done)} of ${grouped(all)} documents, ${grouped(looked)} accounts`,
    );
  const ground = opened.ground((accounts) => {
    looked += accounts;
    show();
  });
  try {
    const declared = await readDeclared(folder);
    all = declared.documents.length;
    const onLooked = (documents: number, of: number) => {
      [done, all] = [documents, of];
      show();
    };
    return await makePlan(ground, declared, { ...wanted, onLooked });
  } finally {
    progress.clear();
    await ground.store.close();
  }
}

export function folderIn({ operands: [folder, ...rest] }: GivenOptions): string {
  if (folder !== undefined && rest.length === 0) return folder;
  throw new UsageError("It needs one folder, with a file for each document: <account>/<config>.json.");
}

export function accountsIn(options: GivenOptions): number {
  const given = options.value("accounts") ?? String(LISTED);
  if (/^\d{1,4}$/.test(given) && Number(given) <= MOST_LISTED) return Number(given);
  throw new UsageError(`The option --accounts takes a number from 0 to ${MOST_LISTED}.`);
}

/** An empty line behind it, if there is any text. */
export function spaced(text: string): string {
  return text === "" ? "" : `${text}\n`;
}
