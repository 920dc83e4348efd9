import { CommitFollowers } from "../commit-followers.js";
import { RedisConnection, type RedisConnectionOptions } from "./redis-connection.js";

/** So long the server holds one question back. It costs the server nothing, and tells us that the connection lives. */
const BLOCK_MS = 5_000;
const SILENCE_MS = 8_000;
/** Under many commits followers are told no more often than this. */
const PAUSE_MS = 5;
const RETRY_MS = 250;

type Entries = readonly (readonly [id: string, ...unknown[]])[];

/**
 * Waits for the end of the change feed to move, on a connection of its own, as long as somebody wants to know. Where the
 * connection was lost nobody can tell what came meanwhile: then followers are told, too.
 */
export class RedisFeedWatch {
  readonly #followers = new CommitFollowers();
  #connection: RedisConnection | undefined;
  #isClosed = false;

  constructor(
    private readonly options: Pick<RedisConnectionOptions, "target" | "name" | "routeKey">,
    private readonly feed: string,
  ) {}

  follow(wake: () => void): () => void {
    const leave = this.#followers.add(wake);
    if (this.#connection === undefined && !this.#isClosed) {
      const connection = new RedisConnection({ ...this.options, silenceMs: SILENCE_MS });
      this.#connection = connection;
      void this.#watch(connection);
    }
    return () => {
      leave();
      if (this.#followers.size === 0) this.#disconnect();
    };
  }

  close(): void {
    this.#isClosed = true;
    this.#disconnect();
  }

  #disconnect(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  /** The newest entry is looked up before followers are told: whatever comes after it ends the next wait at once. */
  async #watch(connection: RedisConnection): Promise<void> {
    while (this.#connection === connection) {
      try {
        const newest = (await connection.call(["XREVRANGE", this.feed, "+", "-", "COUNT", 1])) as Entries;
        this.#followers.tell();
        await this.#moves(connection, newest[0]?.[0] ?? "0-0");
        await pause(PAUSE_MS);
      } catch {
        await pause(RETRY_MS);
      }
    }
  }

  async #moves(connection: RedisConnection, from: string): Promise<void> {
    const read = ["XREAD", "COUNT", 1, "BLOCK", BLOCK_MS, "STREAMS", this.feed, from] as const;
    let found: unknown = null;
    while (found === null && this.#connection === connection)
      found = await connection.callAndWait(read, SILENCE_MS);
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}
