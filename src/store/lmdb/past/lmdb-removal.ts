import { setTimeout as pause, setImmediate } from "node:timers/promises";
import type { LmdbCommitQueue } from "../lmdb-commit-queue.js";
import { removeSome } from "./lmdb-left-histories.js";

const RETRY_AFTER_MS = 10_000;

/** Removes what deleted accounts have left, between the commits of others. */
export class LmdbRemoval {
  #isAsked = false;
  #isRunning = false;
  readonly #end = new AbortController();

  constructor(
    private readonly commits: LmdbCommitQueue,
    private readonly revisionsPerPiece: number,
  ) {}

  /** There may be something to remove. */
  start(): void {
    this.#isAsked = true;
    if (!this.#isRunning) void this.#run();
  }

  /** What is left then is removed when the store is opened again. */
  end(): void {
    this.#end.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#end;
    this.#isRunning = true;
    while (this.#isAsked && !signal.aborted) {
      this.#isAsked = false;
      const outcome = await this.commits.enqueue({
        characters: 0,
        decide: (database) => removeSome(database, this.revisionsPerPiece),
        isThere: () => false,
      });
      if (outcome === "all") continue;
      this.#isAsked = true;
      // As long as the disk takes nothing, those who write find out.
      if (outcome === "some") await setImmediate();
      else await pause(RETRY_AFTER_MS, undefined, { ref: false, signal }).catch(() => {});
    }
    this.#isRunning = false;
  }
}
