import type { ConfigChange } from "../service/live/config-change.js";
import type { ConfigSnapshot } from "../service/read/config-snapshot.js";
import type { StreamEnd } from "../stream/open-streams.js";
import type { Frames } from "../stream/send-stream.js";
import { stateIn } from "./bulk-tag.js";

export interface FlagStreamOptions {
  /** What changes; its first states are passed over. */
  readonly changes: AsyncIterable<ConfigChange>;
  /** The state that the client has; undefined: whatever is there when it connects. */
  readonly known: string | undefined;
  /** The tag that a bulk answer would have. @param since it is to be no older than this one; undefined: any */
  readonly readTag: (since: ConfigSnapshot | undefined) => Promise<string>;
  readonly now: () => Date;
  /** Ends the subscription. */
  readonly stop: () => void;
  /** Hears of what has ended the stream. */
  readonly onError: (error: unknown) => void;
}

/**
 * Tells a client to ask again for its flags, once the answer would be another one. However much has changed meanwhile is one
 * message. The `id` of an event is the tag, so a client that comes back is told exactly where it has missed something.
 */
export class FlagStream implements Frames {
  #known: string | undefined;
  #tag: string | undefined;
  #newest: ConfigSnapshot | undefined;
  #isDue = true;
  #hasEnded = false;
  #wake = () => {};

  constructor(private readonly options: FlagStreamOptions) {
    this.#known = options.known;
    void this.#follow();
  }

  async next(): Promise<string | undefined> {
    try {
      for (;;) {
        await this.#due();
        if (this.#hasEnded) return undefined;
        this.#isDue = false;
        const isFirst = this.#tag === undefined;
        const tag = await this.options.readTag(this.#newest);
        const state = stateIn(tag);
        const isChanged = this.#known !== undefined && state !== this.#known;
        this.#tag = tag;
        this.#known = state;
        if (isChanged) return this.#refetch(tag);
        if (isFirst) return `id: ${tag}\n\n`;
      }
    } catch (error) {
      this.options.onError(error);
      return undefined;
    }
  }

  /** Looks whether something has changed. */
  wake(): void {
    this.#isDue = true;
    this.#wake();
  }

  stop(): void {
    this.#hasEnded = true;
    this.options.stop();
    this.#wake();
  }

  keepAlive(): string {
    return `: alive\n${this.#tag === undefined ? "" : `id: ${this.#tag}\n`}\n`;
  }

  end(why: StreamEnd | undefined): string {
    return why?.kind === "restart" ? `retry: ${why.retryMs}\n\n` : "";
  }

  #refetch(tag: string): string {
    const lastModified = Math.floor(this.options.now().getTime() / 1_000);
    const data = { type: "refetchEvaluation", etag: `"${tag}"`, lastModified };
    return `id: ${tag}\nevent: message\ndata: ${JSON.stringify(data)}\n\n`;
  }

  async #follow(): Promise<void> {
    try {
      for await (const { config, snapshot, reset } of this.options.changes) {
        if (config === undefined || (snapshot && !reset)) continue;
        this.#newest = config;
        this.wake();
      }
    } catch (error) {
      this.options.onError(error);
    }
    this.stop();
  }

  async #due(): Promise<void> {
    while (!this.#isDue && !this.#hasEnded)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
  }
}
