import { expect } from "vitest";
import { OPEN_PRINCIPAL, type Principal } from "../../../src/auth/principal.js";
import type { Json } from "../../../src/domain/json/json.js";
import type { ConfigChange } from "../../../src/service/live/config-change.js";
import type { LiveConfigs, LiveRequest } from "../../../src/service/live/live-configs.js";
import type { ConfigSnapshot } from "../../../src/service/read/config-snapshot.js";

type Fields = Map<string, { readonly value: Json; readonly source: string }>;

export type Told = ConfigChange & { readonly configId: string | undefined };

/**
 * A subscriber that checks every message against what it was told before, and can be cut off and come back with its last
 * cursor.
 */
export class Follower {
  readonly told: Told[] = [];
  /** By config: what all messages together come to. */
  readonly folded = new Map<string, { etag: string; fields: Fields }>();
  cursor: string | undefined;
  error: Error | undefined;
  resets = 0;
  #stream: AsyncIterableIterator<ConfigChange> | undefined;
  #reading: Promise<void> | undefined;

  constructor(
    public live: LiveConfigs,
    private readonly wanted: Partial<LiveRequest> & { readonly accountId: string },
    private readonly principal: Principal = OPEN_PRINCIPAL,
  ) {}

  get accountId(): string {
    return this.wanted.accountId;
  }

  /** @returns itself, once the subscription stands */
  async start(): Promise<this> {
    const stream = await this.live.subscribe({
      ...this.wanted,
      principal: this.principal,
      since: this.cursor,
    });
    this.#stream = stream;
    this.#reading = this.#read(stream);
    return this;
  }

  /** As a broken connection: what was on its way is lost. */
  async cut(): Promise<void> {
    await this.#stream?.return?.();
    await this.#reading;
    this.#stream = undefined;
  }

  async #read(stream: AsyncIterableIterator<ConfigChange>): Promise<void> {
    try {
      for await (const change of stream) {
        if (this.#stream !== stream) return;
        this.take(change);
      }
    } catch (error) {
      this.error = error as Error;
    }
  }

  take(change: ConfigChange): void {
    const { config } = change;
    this.told.push(
      Object.assign(Object.create(change) as ConfigChange, { configId: config?.config.configId }),
    );
    expect(change.cursor, "a cursor that was told before").not.toBe(this.cursor);
    this.cursor = change.cursor;
    if (change.reset) this.resets++;
    if (change.bookmark) {
      this.#bookmark(change);
      return;
    }
    if (config === undefined) throw new Error("a message without a config that is no bookmark");
    const { configId } = config.config;
    const fields = fieldsOf(config);
    const known = this.folded.get(configId);
    if (change.snapshot) {
      expect(change.changes).toEqual([]);
      if (known !== undefined && !change.reset) throw new Error(`a second first message of ${configId}`);
    } else {
      if (known === undefined) throw new Error(`a change of ${configId} before its first state`);
      expect(config.etag, "an empty message").not.toBe(known.etag);
      expect(change.movedLayers, "a change of no layer").not.toEqual([]);
      expect(asObject(applied(known.fields, change)), "changes that do not lead to the config").toEqual(
        asObject(fields),
      );
    }
    this.folded.set(configId, { etag: config.etag, fields });
  }

  #bookmark({ config, changes, snapshot, reset }: ConfigChange): void {
    expect({ config, changes, snapshot, reset }).toEqual({
      config: undefined,
      changes: [],
      snapshot: false,
      reset: false,
    });
  }
}

function fieldsOf({ config }: ConfigSnapshot): Fields {
  return new Map(
    config.fields.map((field) => [
      field.pointer,
      { value: field.value, source: config.sourceOf(field).kind },
    ]),
  );
}

function asObject(fields: Fields): unknown {
  return Object.fromEntries([...fields].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function applied(fields: Fields, { changes }: ConfigChange): Fields {
  const next = new Map(fields);
  for (const { pointer, before, after, sourceBefore, sourceAfter } of changes) {
    const old = next.get(pointer);
    expect({ value: old?.value, source: old?.source }, `before ${pointer}`).toEqual({
      value: before,
      source: sourceBefore,
    });
    if (sourceAfter === undefined) next.delete(pointer);
    else next.set(pointer, { value: after as Json, source: sourceAfter });
  }
  return next;
}

/** Waits, not for long, until something holds. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what = "it",
  milliseconds = 20_000,
): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`${what} did not come to be within ${milliseconds} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
