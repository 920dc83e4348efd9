import { Cluster, Redis, type RedisOptions } from "ioredis";
import { StrataError } from "../../domain/errors.js";
import { within } from "../within.js";
import { describeRedis, type RedisTarget } from "./redis-url.js";

export type RedisCommand = readonly [name: string, ...args: (string | number)[]];

export interface RedisConnectionOptions {
  readonly target: RedisTarget;
  /** How the connection is called in the server's list of clients. */
  readonly name: string;
  /** A key of the slot whose primary is meant, for commands that name none. */
  readonly routeKey: string;
  /**
   * Whether what is called within one turn of the event loop goes out together: a write to a socket costs as much as
   * everything else of a read. Nothing waits for answers that are still to come, as with ioredis's own way of doing it.
   */
  readonly gathers?: boolean;
  /** For commands that the server answers late on purpose: milliseconds of silence that are no sign of a dead connection. */
  readonly silenceMs?: number;
  /** Hears of each time that the connection is there to use. */
  readonly onReady?: () => void;
  /** Hears of each time that it was lost. */
  readonly onLost?: (cause: Error | undefined) => void;
}

/** From the first byte of a call to its answer. Two in a row fit in the two seconds that the port promises. */
const ANSWER_WITHIN_MS = 900;
const CALL_WITHIN_MS = 1_800;
/** A connection that is silent for so long with commands under way is dead: nobody else would notice for a quarter of an hour. */
const SILENCE_MS = 3_000;
export const START_WITHIN_MS = 5_000;
const TELL_AFTER_MS = 1_000;
const CONNECT_WITHIN_MS = 1_000;
/** A connection is closed when nobody waits for an answer any more; a refused one keeps the process for as long, too. */
const DISCONNECT_WITHIN_MS = 200;
const LONGEST_PAUSE_MS = 1_000;
/** Who has been without a connection for so long need not hope for it within a call. */
const HOPELESS_AFTER_MS = 1_000;

interface GatheredCall {
  readonly command: RedisCommand;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One connection to the primary that holds the cell. Nothing is queued while it is down, and nothing is sent twice: what
 * was sent and not answered fails with `RedisSilence`, and only whoever sent it knows whether it may go again.
 */
export class RedisConnection {
  readonly #client: Redis | Cluster;
  readonly #options: RedisConnectionOptions;
  readonly #waiting = new Set<() => void>();
  /** A server that lacks the database leaves the connection in another one. */
  #isInDatabase = false;
  #gathered: GatheredCall[] = [];
  #lostAt: number | undefined = performance.now();
  #lastError: Error | undefined;

  constructor(options: RedisConnectionOptions) {
    this.#options = options;
    this.#client = createClient(options);
    this.#client.on("ready", () => void this.#arrive());
    this.#client.on("error", (error: Error) => {
      this.#lastError = bareError(lastErrorOf(error));
    });
    this.#client.on("close", () => {
      this.#isInDatabase = false;
      if (this.#lostAt !== undefined) return;
      this.#lostAt = performance.now();
      options.onLost?.(this.#lastError);
    });
    this.#client.connect().catch(() => {
      // Reported by the event; it goes on trying.
    });
  }

  /** @throws StrataError STORE_UNAVAILABLE, RedisSilence, RedisRefusal */
  async call(command: RedisCommand, deadline = callDeadline()): Promise<unknown> {
    const [name, ...args] = command;
    await this.ready(deadline);
    // A caller with little time left does not wait for others, and others do not fail with it.
    if (this.#options.gathers && deadline - performance.now() >= ANSWER_WITHIN_MS)
      return this.#gather(command);
    return this.#answered(deadline, () => this.#client.call(name, ...args));
  }

  #gather(command: RedisCommand): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#gathered.push({ command, resolve, reject });
      if (this.#gathered.length === 1) setImmediate(() => void this.#sendGathered());
    });
  }

  async #sendGathered(): Promise<void> {
    const calls = this.#gathered;
    this.#gathered = [];
    const commands = calls.map(({ command }) => command);
    const answers = await this.send(commands, performance.now() + ANSWER_WITHIN_MS).catch((error: Error) =>
      commands.map(() => error),
    );
    for (const [index, { resolve, reject }] of calls.entries()) {
      const answer = answers[index];
      if (answer instanceof Error) reject(answer);
      else resolve(answer);
    }
  }

  /**
   * A command that the server may answer as late as it was told to; nothing else goes over the connection meanwhile.
   * @throws as `call`
   */
  async callAndWait([name, ...args]: RedisCommand, milliseconds: number): Promise<unknown> {
    await this.ready();
    try {
      return await within(milliseconds, this.#client.call(name, ...args));
    } catch (error) {
      throw isUnsent(error) ? this.unavailable() : refusalOf(error);
    }
  }

  /** Sends commands in one go over one connection. Each answer is a value or the server's refusal. */
  async send(commands: readonly RedisCommand[], deadline = callDeadline()): Promise<unknown[]> {
    await this.ready(deadline);
    return this.#answered(deadline, () => this.#together(commands));
  }

  /** In one piece: a pipeline of the client's costs more than the commands in it. */
  #together(commands: readonly RedisCommand[]): Promise<unknown[]> {
    const client = this.#client;
    const stream = client instanceof Redis ? client.stream : undefined;
    stream?.cork();
    const answers = commands.map(([name, ...args]) => client.call(name, ...args).catch(refusalOf));
    stream?.uncork();
    return Promise.all(answers);
  }

  /** As `send`, for commands that name no key. */
  async sendToPrimary(commands: readonly RedisCommand[]): Promise<unknown[]> {
    const [, ...answers] = await this.send([["EXISTS", this.#options.routeKey], ...commands]);
    return answers;
  }

  /**
   * Waits for the connection, not for long and not beyond the deadline (on the clock of `performance.now()`).
   * @throws StrataError STORE_UNAVAILABLE saying what is wrong
   */
  async ready(deadline = callDeadline()): Promise<void> {
    if (this.isReady()) return;
    if (this.#lostAt === undefined || performance.now() - this.#lostAt < HOPELESS_AFTER_MS) {
      await this.#comesBack(Math.min(ANSWER_WITHIN_MS, deadline - performance.now()));
    }
    if (!this.isReady()) throw this.unavailable();
  }

  isReady(): boolean {
    return this.#isInDatabase && this.#client.status === "ready";
  }

  async #arrive(): Promise<void> {
    const { target, onReady } = this.#options;
    try {
      if (target.database !== 0) await this.#client.call("SELECT", target.database);
    } catch (error) {
      this.#lastError = bareError(error as Error);
      return;
    }
    this.#isInDatabase = true;
    this.#lostAt = undefined;
    for (const wake of this.#waiting) wake();
    onReady?.();
  }

  /** @returns after the time is up, or as soon as the connection is there */
  async #comesBack(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      this.#waiting.add(wake);
    });
  }

  /**
   * For the start: waits longer than a call would.
   * @param onDelay hears after a second what is wrong, and how it goes on
   * @throws StrataError STORE_UNAVAILABLE
   */
  async firstReady(milliseconds = START_WITHIN_MS, onDelay?: (message: string) => void): Promise<void> {
    const first = Math.min(milliseconds, TELL_AFTER_MS);
    if (!this.isReady()) await this.#comesBack(first);
    if (this.isReady()) return;
    const seconds = Math.round((milliseconds - first) / 1_000);
    onDelay?.(
      `${this.unavailable().message} Trying again, at least once a second, for ${seconds} more seconds.`,
    );
    await this.#comesBack(milliseconds - first);
    if (!this.isReady()) throw this.unavailable();
  }

  unavailable(): StrataError {
    const { target } = this.#options;
    const cause = this.#lastError;
    const reason = cause?.message ?? "there is no connection";
    const message = `Redis at ${describeRedis(target)} cannot be used: ${reason}. ${adviceOn(reason, target)}`;
    return new StrataError("STORE_UNAVAILABLE", message, { cause });
  }

  close(): void {
    this.#client.disconnect();
  }

  async #answered<T>(deadline: number, run: () => Promise<T>): Promise<T> {
    try {
      return await within(Math.min(ANSWER_WITHIN_MS, deadline - performance.now()), run());
    } catch (error) {
      throw isUnsent(error) ? this.unavailable() : refusalOf(error);
    }
  }
}

/** The server's own word: it did not do it, or not all of it. The message never holds what was sent. */
export class RedisRefusal extends Error {
  override readonly name = "RedisRefusal";
}

/** No answer came: whether the server did it, nobody knows. */
export class RedisSilence extends Error {
  override readonly name = "RedisSilence";
}

function refusalOf(error: unknown): RedisRefusal | RedisSilence {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (name === "ReplyError") return new RedisRefusal(message);
  return new RedisSilence(message);
}

const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED/, "Is it running there?"],
  [/ENOTFOUND|EAI_AGAIN/, "Is the host's name right?"],
  [/WRONGPASS|NOAUTH/, "Give its user and password in the URL: redis://user:password@host."],
  [/DB index/, "Name a database that it has, or none."],
  [/NOPERM/, "docs/redis.md lists what its user has to be allowed."],
];

function adviceOn(reason: string, { isEncrypted, mode }: RedisTarget): string {
  const known = ADVICE.find(([pattern]) => pattern.test(reason))?.[1];
  if (known !== undefined) return known;
  if (isEncrypted) return "Does it speak TLS on this port? If not, write redis in place of rediss.";
  return mode === "single"
    ? "Is it a Redis?"
    : `Are these the nodes of a ${mode === "cluster" ? "Cluster" : "Sentinel"}?`;
}

function isUnsent(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("Stream isn't writeable");
}

/** By when a call is to be over, its wait for a connection included: within the two seconds that the port promises. */
export function callDeadline(): number {
  return performance.now() + CALL_WITHIN_MS;
}

/** The client's own errors carry the command, and AUTH's carries the password. */
function bareError({ message }: Error): Error {
  return new Error(message);
}

/** Of a Sentinel or Cluster that cannot be reached the last node's own error says more. */
function lastErrorOf(error: Error): Error {
  return "lastNodeError" in error && error.lastNodeError instanceof Error ? error.lastNodeError : error;
}

function createClient({ target, name, silenceMs = SILENCE_MS }: RedisConnectionOptions): Redis | Cluster {
  const options = {
    ...(target.username !== undefined && { username: target.username }),
    ...(target.password !== undefined && { password: target.password }),
    ...(target.isEncrypted && { tls: {} }),
    connectionName: name,
    disableClientInfo: true,
    // RESP3 is the default of ioredis and brings nothing here.
    protocol: 2,
    replyMapping: "legacy",
    lazyConnect: true,
    // A command that was sent again after its answer was lost has run twice.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: CONNECT_WITHIN_MS,
    disconnectTimeout: DISCONNECT_WITHIN_MS,
    socketTimeout: silenceMs,
    keepAlive: 10_000,
    retryStrategy: pause,
    // A primary that was made a replica: the next connection finds the new one.
    reconnectOnError: (error: Error) => error.message.startsWith("READONLY"),
  } satisfies RedisOptions;
  const [first] = target.nodes;
  switch (target.mode) {
    case "single":
      return new Redis({ ...options, ...first, db: target.database });
    case "sentinel":
      return new Redis({
        ...options,
        sentinels: [...target.nodes],
        name: target.primaryName ?? "",
        db: target.database,
        sentinelRetryStrategy: pause,
        ...(target.isEncrypted && { enableTLSForSentinelMode: true, sentinelTLS: {} }),
      });
    case "cluster": {
      const { retryStrategy, enableOfflineQueue, ...redisOptions } = options;
      return new Cluster([...target.nodes], {
        lazyConnect: true,
        // Otherwise what goes to a node that is just being connected to is refused. It waits no longer than its caller does.
        enableOfflineQueue: true,
        // Sends again only what the cluster has said it did not do (MOVED, ASK, TRYAGAIN, CLUSTERDOWN).
        retryDelayOnFailover: 0,
        clusterRetryStrategy: pause,
        clusterNodeRetryStrategy: pause,
        slotsRefreshInterval: 1_000,
        slotsRefreshTimeout: CONNECT_WITHIN_MS,
        scaleReads: "master",
        redisOptions,
      });
    }
  }
}

/** Of many gateways that lost the same Redis each comes back at a time of its own. */
function pause(times: number): number {
  const longest = Math.min(LONGEST_PAUSE_MS, 50 * 2 ** Math.min(times, 10));
  return longest * (0.5 + Math.random() / 2);
}
