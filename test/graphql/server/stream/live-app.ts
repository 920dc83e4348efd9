import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import type { AppTimes } from "../../../../src/app.js";
import type { Settings } from "../../../../src/settings.js";
import { STREAM_TIMES, type StreamTimes } from "../../../../src/stream/stream-times.js";
import { TestApp } from "../../test-app.js";

export const CONFIG = { accountId: "acme", configId: "conferences" };
/** The subscription that most tests begin, with variables. */
export const CHANGES = `subscription ($accountId: ID!, $configIds: [ID!], $since: String, $bookmarks: Boolean! = false) {
  configChanged(accountId: $accountId, configIds: $configIds, since: $since, bookmarks: $bookmarks) {
    cursor snapshot bookmark reset config { id values etag }
  }
}`;
export const OF_ACME = { accountId: "acme", configIds: ["conferences"] };

export interface Told {
  readonly cursor: string;
  readonly snapshot: boolean;
  readonly bookmark: boolean;
  readonly reset: boolean;
  readonly config: {
    readonly id: string;
    readonly etag: string;
    readonly values: Record<string, unknown>;
  } | null;
}

/** The whole service with the examples in it, listening on a port of its own. */
export class LiveApp {
  private constructor(
    readonly app: TestApp,
    readonly origin: string,
  ) {}

  static async forTest(settings: Partial<Settings> = {}, times: Partial<StreamTimes> = {}): Promise<LiveApp> {
    const all: AppTimes = { streams: { ...STREAM_TIMES, ...times } };
    const app = await TestApp.open(undefined, settings, all);
    onTestFinished(() => app.close());
    await app.app.listen({ host: "127.0.0.1", port: 0 });
    const { port } = app.app.server.address() as AddressInfo;
    return new LiveApp(app, `http://127.0.0.1:${port}`);
  }

  get port(): number {
    return Number(new URL(this.origin).port);
  }

  /** Writes a setting of acme's conferences through REST. */
  async write(patch: Readonly<Record<string, unknown>>, headers: Record<string, string> = {}): Promise<void> {
    const { accountId, configId } = CONFIG;
    const response = await fetch(`${this.origin}/v2/accounts/${accountId}/configs/${configId}`, {
      method: "PATCH",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ data: patch }),
    });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  }

  /** The log's lines with this message. */
  logged(msg: string): Record<string, unknown>[] {
    return this.app.log.map((line) => JSON.parse(line)).filter((line) => line.msg === msg);
  }
}
