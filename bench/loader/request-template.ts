import { accountId, resellerId, resellerOf } from "../workload/accounts.js";

/** A request with holes: ids and numbers of a fixed length, so that its head can be made once. */
export interface RequestTemplate {
  readonly method: "GET" | "POST";
  readonly path: readonly TemplatePart[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: readonly TemplatePart[];
  /** What a good answer contains. */
  readonly expected: string;
}

export type TemplatePart =
  | string
  /** An account's id: the turn's account, or one that comes so many after it. */
  | { readonly account: number }
  /** The id of the reseller of the turn's account. */
  | { readonly reseller: true }
  /** Another number with every request, of so many digits. */
  | { readonly number: number };

/** The bytes of one request after the other. `fill` is told the turn's account and how many requests there were. */
export interface RequestWriter {
  readonly expected: Buffer;
  fill(account: number, count: number): string;
}

export function createRequestWriter(template: RequestTemplate, host: string): RequestWriter {
  const body = template.body.map((part) => fillPart(part, 0, 0)).join("");
  const headers = { host, ...template.headers, "content-length": String(Buffer.byteLength(body)) };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const parts = merged([
    `${template.method} `,
    ...template.path,
    ` HTTP/1.1\r\n${head.join("")}\r\n`,
    ...template.body,
  ]);
  return {
    expected: Buffer.from(template.expected),
    fill(account, count) {
      let text = "";
      for (const part of parts) text += typeof part === "string" ? part : fillPart(part, account, count);
      return text;
    },
  };
}

/** Texts beside each other as one: what is left to do for each request is to fill the holes. */
function merged(parts: readonly TemplatePart[]): TemplatePart[] {
  const all: TemplatePart[] = [];
  for (const part of parts) {
    const last = all.at(-1);
    if (typeof part === "string" && typeof last === "string") all[all.length - 1] = last + part;
    else all.push(part);
  }
  return all;
}

function fillPart(part: TemplatePart, account: number, count: number): string {
  if (typeof part === "string") return part;
  if ("account" in part) return accountId(account + part.account);
  if ("reseller" in part) return resellerId(resellerOf(account));
  const lowest = 10 ** (part.number - 1);
  return String(lowest + (count % (9 * lowest)));
}
