import { readFile } from "node:fs/promises";
import { createProgress, grouped, type Terminal } from "../archive/progress.js";
import { isObject, type Json } from "../domain/json/json.js";
import { parseJsonText } from "../domain/json/json-text.js";
import { type Applied, applyPlan, isLeftOf, type PlanWriter } from "../service/plan/apply-plan.js";
import type { Plan, PlannedWrite } from "../service/plan/plan.js";
import { readOptions, UsageError } from "./command-options.js";
import { COMMAND_TABLE } from "./command-table.js";
import { accountsIn, folderIn, type OpenedPlan, planWithProgress, spaced } from "./plan-command.js";
import { nameOf, planJson, planSummary, planText } from "./plan-report.js";
import { originOf } from "./token-command.js";

/** A store to plan on and to write to. */
export interface OpenedApply extends OpenedPlan {
  readonly write: PlanWriter;
}

export interface ApplyContext {
  /**
   * Opens the store; absent: the one that the service would use. With the origin of a gateway it is only read, and the
   * gateway writes.
   */
  readonly open: (store: string | undefined, gateway: string | undefined) => Promise<OpenedApply>;
  readonly stdout: Pick<NodeJS.WritableStream, "write">;
  readonly stderr: Terminal;
  /** Ends it, as SIGINT and SIGTERM do. */
  readonly signal?: AbortSignal;
}

const NOTE = "strata apply";
/** So often a plan that nobody has agreed to is made anew because others write meanwhile. */
const PLANS = 5;
const [DONE, FAILED] = [0, 1];

/** The plan that somebody has looked at. */
interface AgreedPlan {
  readonly prune: boolean;
  readonly digests: readonly string[];
}

/**
 * `apply <folder> [--plan <file>] [--prune] [--note <text>] [--json] [--accounts <n>] [--store <url>] [--url <url>]`: makes documents hold what
 * files declare. With `--plan`, what `plan --json` has printed: only if that is still what would be done, or what is left of it.
 * @returns the exit code: 0 everything is as declared, 1 it is not
 * @throws UsageError when it is not given like that; StrataError when it cannot be done
 */
export async function applyCommand(
  args: readonly string[],
  { open, stdout, stderr, signal }: ApplyContext,
): Promise<number> {
  const options = readOptions(args, COMMAND_TABLE.apply.options);
  const folder = folderIn(options);
  const file = options.value("plan");
  if (file !== undefined && options.isSet("prune"))
    throw new UsageError("With --plan the plan says whether to prune: leave --prune out.");
  const agreed = file === undefined ? undefined : await readPlan(file);
  const wanted = { prune: agreed?.prune ?? options.isSet("prune"), accounts: accountsIn(options) };
  const note = options.value("note") ?? NOTE;
  const url = options.value("url");
  const opened = await open(options.value("store"), url === undefined ? undefined : originOf(url));
  const ending = endingOf(signal);
  try {
    const run = new ApplyRun(opened, { note, signal: ending.signal, stderr });
    const outcome = await run.run(() => planWithProgress(opened, folder, wanted, stderr), agreed);
    const isDone = outcome.trouble === undefined;
    if (options.isSet("json"))
      stdout.write(`${JSON.stringify(outcomeJson(outcome, wanted.prune), null, 2)}\n`);
    else stdout.write(outcomeText(outcome));
    return isDone ? DONE : FAILED;
  } finally {
    ending.forget();
    await opened.close();
  }
}

interface ApplyOutcome {
  /** The newest one that was made. */
  readonly plan: Plan;
  readonly made: readonly PlannedWrite[];
  /** Why not all was made, for people. */
  readonly trouble?: string;
}

class ApplyRun {
  readonly #made: PlannedWrite[] = [];

  constructor(
    private readonly opened: OpenedApply,
    private readonly options: {
      readonly note: string;
      readonly signal: AbortSignal;
      readonly stderr: Terminal;
    },
  ) {}

  async run(plan: () => Promise<Plan>, agreed: AgreedPlan | undefined): Promise<ApplyOutcome> {
    for (let plans = 1; ; plans++) {
      const next = await plan();
      const end = (trouble?: string) => ({ plan: next, made: this.#made, ...(trouble && { trouble }) });
      const nothing = this.#made.length === 0 ? "Nothing was written" : "Nothing more was written";
      if (next.refused.length > 0) return end(`${nothing}: what is declared cannot be. See above.`);
      if (agreed !== undefined && !isLeftOf(agreed.digests, next))
        return end(
          `${nothing}: the store, the files or the schemas are others than when the plan was made. Above is what would ` +
            "be done now: plan again.",
        );
      const { made, stopped } = await this.#apply(next);
      this.#made.push(...next.writes.slice(0, made));
      if (stopped === undefined) return end();
      if (stopped.because === "ended") return end(`Ended before ${nameOf(stopped.at)}. ${AGAIN}`);
      if (agreed !== undefined || plans === PLANS)
        return end(`Stopped at ${nameOf(stopped.at)}: others have changed what it rests on. ${AGAIN}`);
    }
  }

  async #apply(plan: Plan): Promise<Applied> {
    const { note, signal, stderr } = this.options;
    const progress = createProgress(stderr);
    const onWrite = (write: PlannedWrite, made: number) =>
      progress.show(
        () =>
          `Applying: ${grouped(made)} of ${grouped(plan.writes.length)} documents; ${nameOf(write)}` +
          (write.impact === undefined ? "" : ` reaches ${grouped(write.impact.total)} accounts`),
      );
    try {
      return await applyPlan(this.opened.write, plan, { note, signal, onWrite });
    } finally {
      progress.clear();
    }
  }
}

const AGAIN = "What was written stays; run it again to do the rest.";

function outcomeText({ plan, made, trouble }: ApplyOutcome): string {
  if (trouble !== undefined)
    return `${spaced(planText(plan))}${made.map((write) => `${nameOf(write)}: written\n`).join("")}${trouble}\n`;
  if (made.length === 0) return planSummary(plan);
  const sum = `${grouped(made.length)} document${made.length === 1 ? "" : "s"} written.\n`;
  return `${spaced(planText({ ...plan, writes: made }))}${sum}`;
}

function outcomeJson({ plan, made, trouble }: ApplyOutcome, prune: boolean): object {
  return { ...planJson(plan, prune), written: made.map(({ digest }) => digest), trouble: trouble ?? null };
}

/** @throws UsageError for a file that holds no plan */
async function readPlan(file: string): Promise<AgreedPlan> {
  const bytes = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`The file of --plan, ${file}, cannot be read (${error.code ?? "unknown"}).`);
  });
  let plan: Json;
  try {
    plan = parseJsonText(bytes);
  } catch (error) {
    throw new UsageError(`The file is no plan: ${(error as Error).message}.`);
  }
  const { prune, writes, refused } = isObject(plan) ? plan : {};
  const digests = Array.isArray(writes)
    ? writes.map((write: Json) => isObject(write) && write.digest)
    : [false];
  if (typeof prune !== "boolean" || !digests.every((digest) => typeof digest === "string"))
    throw new UsageError("The file is no plan: `strata plan <folder> --json` prints one.");
  if (Array.isArray(refused) && refused.length > 0)
    throw new UsageError("The plan has documents that cannot be as declared: make one without.");
  return { prune, digests };
}

/** Aborts at SIGINT and SIGTERM, so that the process ends between two writes. */
function endingOf(given: AbortSignal | undefined): { readonly signal: AbortSignal; forget(): void } {
  const controller = new AbortController();
  const end = () => controller.abort();
  process.once("SIGINT", end).once("SIGTERM", end);
  given?.addEventListener("abort", end);
  return {
    signal: controller.signal,
    forget() {
      process.off("SIGINT", end).off("SIGTERM", end);
      given?.removeEventListener("abort", end);
    },
  };
}
