import { StrataError } from "../../domain/errors.js";

/** Hears how far the look at all accounts has come, and may end it. */
export interface ImpactWatch {
  /** Called before each account. Throws where the look is to end. */
  readonly check: () => void;
  /**
   * @param done accounts that were looked at; fewer again where something has changed and all are looked at anew
   * @param total how many there are, at most: of those below another reseller it is not known before
   */
  readonly tell?: (done: number, total: number) => void;
}

/** How long one request may look at accounts. */
export const IMPACT_WITHIN_MS = 20_000;

interface TimeLimit {
  readonly milliseconds: number;
  readonly since: number;
  /** What the caller can do. */
  readonly advice: string;
}

const SUBSCRIBE =
  "Subscribe to configImpact, which has more time and tells how far it has come; or leave the impact out.";

/** For those who wait for one answer. @throws StrataError (`check`) QUERY_TOO_COMPLEX, limit `impact`, once the time is up */
export function withinTime({
  milliseconds = IMPACT_WITHIN_MS,
  since = performance.now(),
  advice = SUBSCRIBE,
}: Partial<TimeLimit> = {}): ImpactWatch {
  return {
    check: () => {
      if (performance.now() - since <= milliseconds) return;
      throw new StrataError(
        "QUERY_TOO_COMPLEX",
        `So many accounts inherit that looking at each of them takes longer than the ${Math.round(milliseconds / 1_000)} s that a request has. ${advice}`,
        { limit: "impact" },
      );
    },
  };
}

/** By when a write is over of which all accounts below are looked at first. */
export const EXPECT_WITHIN_MS = 60_000;
/** The part of it in which they are looked at: the commit takes time, too. */
const LOOK_SHARE = 0.75;

/** For a write that expects an impact. @throws StrataError (`check`) as `withinTime` */
export function beforeCommit(since: number, deadlineMs = EXPECT_WITHIN_MS): ImpactWatch {
  const advice = "Nothing was written: to write whatever the impact is, leave expectImpact out.";
  return withinTime({ milliseconds: deadlineMs * LOOK_SHARE, since, advice });
}

/** For those who may go away. `check` throws the signal's reason once it is aborted. */
export function untilAborted(signal: AbortSignal | undefined, tell: ImpactWatch["tell"]): ImpactWatch {
  return { check: () => signal?.throwIfAborted(), ...(tell && { tell }) };
}

/** For one of several looks at the same accounts, one after another: all of them count. */
export function watchOfOne(
  watch: ImpactWatch | undefined,
  index: number,
  count: number,
): ImpactWatch | undefined {
  const { check, tell } = watch ?? {};
  if (check === undefined || tell === undefined) return watch;
  return { check, tell: (done, total) => tell(index * total + done, count * total) };
}
