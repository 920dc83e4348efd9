import { type IncomingHttpHeaders, request } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll } from "vitest";
import { TestApp } from "../graphql/test-app.js";
import { TOKEN_ACCESS } from "../http/token-access.js";
import { tokenFor } from "./ask-flags.js";

export const FLAGS = "/ofrep/v1/evaluate/flags";
/** A page there may read what is answered. */
export const PAGE = "https://app.example";
export const SCHEMAS = {
  "account_config.open": { type: "object", additionalProperties: true },
  "account_config.other": { type: "object", properties: { size: { type: "integer", default: 1 } } },
};

export interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Buffer;
  /** Absent: acme's. Null: none. */
  readonly token?: string | null;
}

export interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly body: unknown;
}

/** Sends over a connection exactly the headers that a test names, and its token. A body without a `content-length` comes in chunks. */
export class FlagSender {
  #app: TestApp | undefined;
  #port = 0;
  #acme = "";

  /** One for all tests of a file. */
  static forFile(settings = {}): FlagSender {
    const sender = new FlagSender();
    beforeAll(async () => {
      sender.#app = await TestApp.open(SCHEMAS, { access: TOKEN_ACCESS, ...settings });
      await sender.#app.app.listen({ host: "127.0.0.1", port: 0 });
      sender.#port = (sender.#app.app.server.address() as AddressInfo).port;
      sender.#acme = await tokenFor({ account_id: "acme" });
    });
    afterAll(() => sender.#app?.close());
    return sender;
  }

  send(path: string, { method = "POST", headers = {}, body, token = this.#acme }: Sent = {}): Promise<Got> {
    const all = { ...(token !== null && { authorization: `Bearer ${token}` }), ...headers };
    return new Promise((resolve, reject) => {
      request({ host: "127.0.0.1", port: this.#port, method, path, headers: all })
        .on("error", reject)
        .on("response", (response) => {
          const chunks: Buffer[] = [];
          response
            .on("data", (chunk: Buffer) => chunks.push(chunk))
            .on("error", reject)
            .on("end", () => {
              const bytes = Buffer.concat(chunks);
              const isPlain = bytes.length > 0 && response.headers["content-encoding"] === undefined;
              const answer = isPlain ? JSON.parse(bytes.toString()) : undefined;
              resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes, body: answer });
            });
        })
        .end(body);
    });
  }

  /** Makes these all that acme has set itself in the config that takes any. */
  async put(data: Record<string, unknown>): Promise<void> {
    const text = JSON.stringify({ data });
    const { status, body } = await this.send("/v2/accounts/acme/configs/open", sized(text));
    if (status !== 200) throw new Error(JSON.stringify(body));
  }
}

/** A body, and its length. */
export function sized(body: string | Buffer, more: Record<string, string> = {}): Sent {
  return { body, headers: { "content-length": String(Buffer.byteLength(body)), ...more } };
}
