import { Agent, type IncomingMessage, request } from "node:http";
import { accountId } from "./accounts.js";

const READ =
  'query ($id: ID!) { config(accountId: $id, configId: "phone") { etag values fields { pointer source { kind } } } }';
const PER_SECOND = 200;

/** A client that reads one account's config after another, at a steady rate, whatever becomes of the reads before. */
export class SteadyReads {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  #reads = 0;

  constructor(
    private readonly port: number,
    private readonly accounts: number,
  ) {}

  close(): void {
    this.#agent.destroy();
  }

  /** @returns the 99th percentile in milliseconds, each read counted from when it was due */
  async p99(windowMs: number): Promise<number> {
    const startedAt = performance.now();
    const times: number[] = [];
    const underWay: Promise<unknown>[] = [];
    for (let n = 0; n < (windowMs / 1_000) * PER_SECOND; n++) {
      const dueAt = startedAt + (n * 1_000) / PER_SECOND;
      const wait = dueAt - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      const id = accountId((this.#reads++ * 37) % this.accounts);
      const answered = this.ask(READ, { id }).then((text) => {
        if (text.includes('"errors"')) throw new Error(text.slice(0, 400));
        times.push(performance.now() - dueAt);
      });
      underWay.push(answered);
    }
    await Promise.all(underWay);
    return quantile(times, 0.99);
  }

  /** @returns the response's text */
  ask(query: string, variables: object, accept = "application/json"): Promise<string> {
    const body = JSON.stringify({ query, variables });
    const headers = { accept, "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const at = { host: "127.0.0.1", port: this.port, method: "POST", path: "/graphql" };
    return new Promise((resolve, reject) => {
      request({ ...at, agent: this.#agent, headers }, (response) => textOf(response).then(resolve, reject))
        .on("error", reject)
        .end(body);
    });
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += chunk;
  return text;
}

export function quantile(numbers: readonly number[], part: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
