import type { AcknowledgedMark } from "./acknowledged-mark.js";
import { type RedisConnection, RedisRefusal } from "./redis-connection.js";
import { REDIS_FORMAT } from "./redis-functions.js";
import type { RedisKeys } from "./redis-keys.js";
import {
  parseInfo,
  parseSettings,
  type RedisReport,
  SAFE_SETTINGS,
  type SafetyDemands,
  unfit,
  unsafeLines,
} from "./redis-safety.js";

/** Something that whoever runs Strata should hear of. */
export interface StoreNotice {
  readonly level: "info" | "warn" | "error";
  readonly message: string;
}

export interface StandingOptions extends SafetyDemands {
  /** Begins a store where there is none, and nothing speaks against it. */
  readonly begin: () => Promise<unknown>;
  readonly allowUnsafe: boolean;
  readonly onNotice: (notice: StoreNotice) => void;
}

/** Why nothing is read from a store that is being filled, or whose filling was broken off. */
export const UNFINISHED_IMPORT =
  "an import into it was begun and not finished: run it again with the same file, or with --replace";
const TICK_MS = 1_000;
/** So many ticks from one look to the next, as long as nothing is the matter. */
const TICKS_AT_EASE = 10;
const ADVICE =
  "If the store is the right one (say, a restored backup), run `npx strata accept` once; otherwise bring the right one back.";

/**
 * Whether this Redis, as it stands, may take writes: whether it would keep them, and whether it is the store, in the
 * state, that this gateway knows. Looked at on every connection, every ten seconds, and every second while
 * something is the matter.
 */
export class RedisStanding {
  #obstacle: string | undefined = "it was not looked at yet";
  #failure: Error | undefined;
  #warned: string | undefined;
  #looking: Promise<void> | undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly connection: RedisConnection,
    private readonly keys: RedisKeys,
    private readonly mark: AcknowledgedMark,
    private readonly options: StandingOptions,
  ) {
    let ticks = 0;
    this.#timer = setInterval(() => {
      ticks++;
      if (this.#obstacle !== undefined || ticks % TICKS_AT_EASE === 0) void this.look();
    }, TICK_MS).unref();
  }

  /** Why no write is taken; undefined: they are. */
  get obstacle(): string | undefined {
    return this.#obstacle;
  }

  /** Why the last look could not be had; undefined: it could. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Resolves when the look that is under way, if any, is over. */
  async settled(): Promise<void> {
    await this.#looking;
  }

  /** Looks, once the look that is under way is over. Never rejects: what cannot be seen is an obstacle. */
  async lookAgain(): Promise<void> {
    await this.settled();
    await this.look();
  }

  /** Looks, or joins the look that is under way. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#inspect()
      .then(
        () => {
          this.#failure = undefined;
        },
        (error: Error) => {
          this.#failure = error;
          this.#stand(`its settings and state could not be read: ${error.message}`);
        },
      )
      .finally(() => {
        this.#looking = undefined;
      });
    return this.#looking;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #inspect(hasBegun = false): Promise<void> {
    const { meta, sequence, tree } = this.keys;
    const [settings, info, fields, newest, token] = await this.connection.sendToPrimary([
      ["CONFIG", "GET", ...SAFE_SETTINGS.keys()],
      ["INFO"],
      ["HMGET", meta, "incarnation", "writers", "accepted"],
      ["GET", sequence],
      ["GET", tree],
    ]);
    if (info instanceof Error) throw info;
    if (fields instanceof Error) throw fields;
    const report = {
      settings: settings instanceof RedisRefusal ? undefined : parseSettings(settings),
      info: parseInfo(String(info)),
    };
    const [incarnation, writers, accepted] = fields as (string | null)[];
    const state = { incarnation, writers, accepted, sequence: newest, tree: token };
    const danger = this.#danger(report);
    const isEmpty = [incarnation, newest, token].every((value) => value === null);
    if (danger === undefined && isEmpty && this.mark.position === undefined && !hasBegun) {
      await this.options.begin();
      return this.#inspect(true);
    }
    this.#stand(danger ?? this.#estrangement(state));
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
    if (Number(state.writers) < REDIS_FORMAT)
      return `it was written by an older Strata (format ${state.writers}, this release writes ${REDIS_FORMAT}): export it with that one, and import that into another cell`;
    const position = { incarnation: state.incarnation, sequence: Number(state.sequence) };
    if (known?.incarnation !== position.incarnation) {
      if (known !== undefined && state.accepted !== position.incarnation)
        return `it is not the store that was written to before (incarnation ${position.incarnation}, known: ${known.incarnation}). ${ADVICE}`;
      this.mark.adopt(position);
      return undefined;
    }
    if (position.sequence < known.sequence)
      return `it stands at sequence ${position.sequence}, and ${known.sequence} was acknowledged: writes were lost. ${ADVICE}`;
    return undefined;
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

interface StoredState {
  readonly incarnation: string | null | undefined;
  readonly writers: string | null | undefined;
  readonly accepted: string | null | undefined;
  readonly sequence: unknown;
  readonly tree: unknown;
}
