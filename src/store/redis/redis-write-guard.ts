import type { StoreNotice } from "../store-notice.js";
import type { HighWaterMark } from "./high-water-mark.js";
import { callFunction } from "./redis-call.js";
import { type RedisCommand, type RedisConnection, RedisRefusal } from "./redis-connection.js";
import { FUNCTIONS, REDIS_FORMAT, REDIS_UPGRADED_FORMAT } from "./redis-functions.js";
import { type HalfState, halfWritten } from "./redis-half-written.js";
import type { RedisKeys } from "./redis-keys.js";
import { cleanFile } from "./redis-run.js";
import {
  parseInfo,
  parseSettings,
  type RedisReport,
  SAFE_SETTINGS,
  type SafetyDemands,
  unfit,
  unsafeLines,
} from "./redis-safety.js";

export interface WriteGuardOptions extends SafetyDemands {
  /** Begins a store where there is none, and nothing speaks against it. */
  readonly begin: () => Promise<unknown>;
  /** Keeps older releases from writing to a store that is to be upgraded. */
  readonly beginUpgrade: () => Promise<unknown>;
  /** Sees to it that a store comes to have what this release keeps; called as long as it has not. */
  readonly upgrade: () => void;
  readonly allowUnsafe: boolean;
  readonly onNotice: (notice: StoreNotice) => void;
}

/** Why nothing is read from a store that is being filled, or whose filling was broken off. */
export const UNFINISHED_IMPORT =
  "an import into it was begun and not finished: run it again with the same file, or with --replace";
/** Advice for a key whose type is not the one that Strata writes. */
export const FOREIGN_ADVICE =
  "Somebody else has written there: rename that key (RENAME) or delete it (DEL), and writes go on.";
const TICK_MS = 1_000;
/** Within this time after a look, its result is reused. */
const LATELY_MS = 1_000;
const PROBE_LIFE_MS = 60_000;
const TOLD_FOR_MS = 60_000;
/** So many ticks from one look to the next, as long as nothing is the matter. */
const TICKS_AT_EASE = 10;
const ADVICE =
  "If the store is the right one (say, a restored backup), run `npx strata accept` once; otherwise bring the right one back.";

/**
 * Whether this Redis, as it stands, may take writes: whether it would keep them, and whether it is the store, in the
 * state, that this gateway knows; and whether it does take them. Looked at on every connection, every ten seconds, and
 * every second while something is the matter.
 */
export class RedisWriteGuard {
  #obstacle: string | undefined = "it was not looked at yet";
  #failure: Error | undefined;
  #refusal: string | undefined;
  /** On the clock of `performance.now()`. */
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** The run of Redis whose file is known to end with a whole commit, or to be as whole as it can be made. */
  #cleanRun: string | undefined;
  #told: { readonly message: string; readonly at: number } | undefined;
  #warned: string | undefined;
  #looking: Promise<void> | undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly connection: RedisConnection,
    private readonly keys: RedisKeys,
    private readonly mark: HighWaterMark,
    private readonly options: WriteGuardOptions,
  ) {
    let ticks = 0;
    this.#timer = setInterval(() => {
      ticks++;
      if (this.#obstacle !== undefined || this.#refusal !== undefined || ticks % TICKS_AT_EASE === 0)
        void this.look();
    }, TICK_MS).unref();
  }

  /** Why no write is taken; undefined: they are. */
  get obstacle(): string | undefined {
    return this.#obstacle;
  }

  /** The refusal of the last probe write, if it was refused; other writes are tried all the same. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  /** Why the last look could not be had; undefined: it could. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Resolves when the look that is under way, if any, is over. */
  async settled(): Promise<void> {
    await this.#looking;
  }

  /** Looks, unless it has been looked at within the last second. Never rejects. */
  async lookLately(): Promise<void> {
    await this.settled();
    if (performance.now() - this.#lookedAt > LATELY_MS) await this.look();
  }

  /** Tells the operator; the same again after a minute. */
  tellOnce(message: string): void {
    const now = performance.now();
    if (this.#told?.message === message && now - this.#told.at < TOLD_FOR_MS) return;
    this.#told = { message, at: now };
    this.options.onNotice({ level: "error", message });
  }

  /** Looks, once the look that is under way is over. Never rejects: what cannot be seen is an obstacle. */
  async lookAgain(): Promise<void> {
    await this.settled();
    await this.look();
  }

  /** Looks, or joins the look that is under way. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#inspect()
      .then(async () => {
        await this.#probe();
        this.#failure = undefined;
      })
      .then(
        () => {},
        (error: Error) => {
          this.#failure = error;
          this.#stand(`its settings and state could not be read: ${error.message}`);
        },
      )
      .finally(() => {
        this.#lookedAt = performance.now();
        this.#looking = undefined;
      });
    return this.#looking;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #inspect(hasBegun = false): Promise<void> {
    const { meta, sequence, tree, begun, feed } = this.keys;
    const fixed = fixedKeys(this.keys);
    const [settings, info, fields, newest, token, started, stream, ...types] =
      await this.connection.sendToPrimary([
        ["CONFIG", "GET", ...SAFE_SETTINGS.keys()],
        ["INFO"],
        ["HMGET", meta, "incarnation", "writers", "accepted", "format"],
        ["GET", sequence],
        ["GET", tree],
        ["GET", begun],
        ["XINFO", "STREAM", feed],
        ...fixed.map(([key]): RedisCommand => ["TYPE", key]),
      ]);
    if (info instanceof Error) throw info;
    const report = {
      settings: settings instanceof RedisRefusal ? undefined : parseSettings(settings),
      info: parseInfo(String(info)),
    };
    const foreign = foreignKey(fixed, types);
    if (foreign !== undefined) return this.#stand(this.#danger(report) ?? foreign);
    if (fields instanceof Error) throw fields;
    const [incarnation, writers, accepted, format] = fields as (string | null)[];
    const state = { incarnation, writers, accepted, sequence: newest, tree: token, begun: started, stream };
    const danger = this.#danger(report);
    const isEmpty = [incarnation, newest, token].every((value) => value === null);
    const isNew = isEmpty && this.mark.position === undefined && !hasBegun;
    const obstacle =
      danger ?? (isNew ? undefined : this.#estrangement(state)) ?? (await this.#unclean(report));
    if (obstacle === undefined && isNew) {
      await this.options.begin();
      return this.#inspect(true);
    }
    if (obstacle === undefined && !hasBegun && Number(writers) === REDIS_UPGRADED_FORMAT) {
      await this.options.beginUpgrade();
      return this.#inspect(true);
    }
    if (obstacle === undefined && Number(format) < REDIS_FORMAT) this.options.upgrade();
    this.#stand(obstacle);
  }

  /** Why writes have to wait until what the run before has left in Redis's file cannot be taken for a part of a commit. */
  async #unclean(report: RedisReport): Promise<string | undefined> {
    const run = report.info.get("run_id");
    if (run === this.#cleanRun) return undefined;
    const found = await cleanFile(this.connection, this.keys, report);
    if (found.outcome === "waiting")
      return "it was started, and is writing its file anew: that takes a moment";
    if (found.outcome === "failed") this.options.onNotice({ level: "warn", message: found.message });
    this.#cleanRun = run;
    return undefined;
  }

  /** Whether it does take writes: a full memory or disk, or a right that is lacking, shows in no other way. */
  async #probe(): Promise<void> {
    if (this.#obstacle !== undefined) {
      this.#refusal = undefined;
      return;
    }
    const before = this.#refusal;
    try {
      await callFunction(this.connection, ["FCALL", FUNCTIONS.probe, 1, this.keys.probe, PROBE_LIFE_MS]);
      this.#refusal = undefined;
    } catch (error) {
      this.#refusal = `it refused the last one: ${(error as Error).message}`;
    }
    if (this.#refusal === before) return;
    if (this.#refusal !== undefined)
      this.options.onNotice({
        level: "error",
        message: `No writes are taken by this Redis: ${this.#refusal}`,
      });
    else if (before !== undefined) this.options.onNotice({ level: "info", message: "Redis takes writes." });
  }

  /** Why what is written could be lost. */
  #danger(report: RedisReport): string | undefined {
    const misfit = unfit(report, this.options);
    if (misfit !== undefined) return misfit;
    const lines = unsafeLines(report, this.options).join("; ");
    if (lines === "" || !this.options.allowUnsafe) return lines === "" ? undefined : lines;
    if (this.#warned !== lines) {
      const message = `This Redis can lose acknowledged writes, and STRATA_REDIS_UNSAFE allows it: ${lines}`;
      this.options.onNotice({ level: "warn", message });
    }
    this.#warned = lines;
    return undefined;
  }

  /** Why this is not the store, or not the state of it, that was written to before. */
  #estrangement(state: StoredState): string | undefined {
    const known = this.mark.position;
    if (String(state.tree).startsWith("!")) return UNFINISHED_IMPORT;
    if (typeof state.incarnation !== "string" || typeof state.sequence !== "string") {
      return known === undefined
        ? `only a part of a store is left in it. ${ADVICE}`
        : `the store is gone, and it held ${known.sequence} commits. ${ADVICE}`;
    }
    if (Number(state.writers) > REDIS_FORMAT)
      return `it was written by a newer Strata (format ${state.writers}, this release knows ${REDIS_FORMAT}): upgrade this gateway`;
    if (Number(state.writers) < REDIS_UPGRADED_FORMAT)
      return `it was written by an older Strata (format ${state.writers}, this release writes ${REDIS_FORMAT}): export it with that one, and import that into another cell`;
    const position = { incarnation: state.incarnation, sequence: Number(state.sequence) };
    if (!Number.isSafeInteger(position.sequence)) return `its sequence is not a number. ${ADVICE}`;
    if (known?.incarnation !== position.incarnation) {
      if (known !== undefined && state.accepted !== position.incarnation)
        return `it is not the store that was written to before (incarnation ${position.incarnation}, known: ${known.incarnation}). ${ADVICE}`;
      this.mark.adopt(position);
      return halfWritten(state);
    }
    if (position.sequence < known.sequence)
      return `it stands at sequence ${position.sequence}, and ${known.sequence} was acknowledged: writes were lost. ${ADVICE}`;
    return halfWritten(state);
  }

  #stand(obstacle: string | undefined): void {
    if (this.#obstacle === obstacle) return;
    this.#obstacle = obstacle;
    this.options.onNotice(
      obstacle === undefined
        ? { level: "info", message: "Redis takes writes." }
        : { level: "error", message: `No writes are taken by this Redis: ${obstacle}` },
    );
  }
}

interface StoredState extends HalfState {
  readonly incarnation: string | null | undefined;
  readonly writers: string | null | undefined;
  readonly accepted: string | null | undefined;
  readonly tree: unknown;
}

/** The keys that are there once in a store, and what each holds. */
function fixedKeys(keys: RedisKeys): readonly (readonly [key: string, type: string])[] {
  const { sequence, tree, root, dropped, lastDeletion, begun, time, probe, run, lock, upgrading, secret } =
    keys;
  const texts = [
    sequence,
    tree,
    root,
    dropped,
    lastDeletion,
    begun,
    time,
    probe,
    run,
    lock,
    upgrading,
    secret,
  ];
  return [
    [keys.meta, "hash"],
    [keys.lastCommits, "hash"],
    [keys.feed, "stream"],
    ...texts.map((key) => [key, "string"] as const),
  ];
}

function foreignKey(fixed: ReturnType<typeof fixedKeys>, types: readonly unknown[]): string | undefined {
  for (const [index, [key, wanted]] of fixed.entries()) {
    const found = types[index];
    if (found instanceof Error || found === "none" || found === wanted) continue;
    return `${key} holds a ${found} in place of a ${wanted}. ${FOREIGN_ADVICE}`;
  }
  return undefined;
}
