import type { ConfigService } from "../config-service.js";
import type { Plan, PlannedWrite } from "./plan.js";
import { PLANNER } from "./plan-principal.js";

/**
 * Makes one write of a plan, if it still does what the plan says. @returns `moved`: it would not, and nothing was written
 * @throws StrataError or Error when that cannot be told, or it may not be written
 */
export type PlanWriter = (write: PlannedWrite, note: string) => Promise<"written" | "moved">;

/** @throws StrataError as `ConfigWriter.write` */
export function serviceWriter(configs: ConfigService): PlanWriter {
  return async ({ target, intent, etag, impact }, note) => {
    const condition = { ifMatch: etag, expectImpact: impact?.digest };
    const { result } = await configs.write(PLANNER, { target, intent, ...condition, note });
    return result === "written" ? "written" : "moved";
  };
}

export interface ApplyOptions {
  /** Kept with each commit: why. */
  readonly note: string;
  /** Ends it between two writes. */
  readonly signal: AbortSignal;
  /** Told before each write how many are made. */
  readonly onWrite?: (write: PlannedWrite, made: number) => void;
}

/** How far it came. */
export interface Applied {
  readonly made: number;
  /** Where it ended before all were made: at a write that would not do any more what the plan says, or because it was told to. */
  readonly stopped?: { readonly at: PlannedWrite; readonly because: "moved" | "ended" };
}

/**
 * Makes the writes of a plan, each only if it still does what the plan says: the check and the commit are one step. What was
 * made stays made: a plan made anew has what is left.
 * @throws StrataError or Error as the writer
 */
export async function applyPlan(
  writer: PlanWriter,
  { writes }: Pick<Plan, "writes">,
  { note, signal, onWrite }: ApplyOptions,
): Promise<Applied> {
  for (const [made, write] of writes.entries()) {
    if (signal.aborted) return { made, stopped: { at: write, because: "ended" } };
    onWrite?.(write, made);
    if ((await writer(write, note)) !== "written") return { made, stopped: { at: write, because: "moved" } };
  }
  return { made: writes.length };
}

/**
 * Whether a plan is what is left of another one: all of it, or its last writes, after the first ones have been made.
 * @param agreed the digests of the other plan's writes
 */
export function isLeftOf(agreed: readonly string[], { writes }: Pick<Plan, "writes">): boolean {
  const first = agreed.length - writes.length;
  return first >= 0 && writes.every(({ digest }, index) => digest === agreed[first + index]);
}
