import { isDeepStrictEqual } from "node:util";
import type { ContenderName } from "./contenders.js";
import { createRequestWriter, type RequestTemplate } from "./loader/request-template.js";
import { HOT_ACCOUNT, type Measurement } from "./measurements.js";
import type { Server } from "./servers/server.js";

const REFERENCE = "strata-lmdb";
/** Contenders that do the same work; `values`: they know nothing of provenance. */
const ALIKE: Partial<Record<ContenderName, "all" | "values">> = {
  "strata-redis": "all",
  "strata-token": "all",
  "strata-quiet": "all",
  postgraphile: "all",
  mercurius: "all",
  lodash: "values",
};
const SHOWN = 500;
const ASKED = [HOT_ACCOUNT, 0, 1, 99, 500];

interface Running {
  readonly measurement: Measurement;
  readonly server: Server;
}

interface Answer {
  readonly id: string;
  readonly etag: string;
  readonly values: unknown;
  readonly fields: readonly { readonly pointer: string }[];
}

/**
 * Asks all that do the same work for the same accounts, and holds their answers against Strata's on LMDB. The order of
 * fields and of members is left out (PostgreSQL's jsonb keeps none), and the etag's text, which is everybody's own.
 * @returns who answers differently, and how
 */
export async function differences(
  running: ReadonlyMap<ContenderName, Running>,
): Promise<Map<ContenderName, string>> {
  const found = new Map<ContenderName, string>();
  const reference = running.get(REFERENCE);
  if (reference === undefined) return found;
  for (const account of ASKED) {
    const wanted = comparable(await ask(reference, account));
    if (wanted === undefined) throw new Error(`Strata itself does not answer for account ${account}.`);
    for (const [name, contender] of running) {
      const likeness = ALIKE[name];
      if (likeness === undefined || found.has(name)) continue;
      const answer = await ask(contender, account);
      const isEqual =
        likeness === "values"
          ? isDeepStrictEqual(answer, wanted.values)
          : isDeepStrictEqual(comparable(answer), wanted);
      if (!isEqual) found.set(name, `account ${account}: ${JSON.stringify(answer).slice(0, SHOWN)}`);
    }
  }
  return found;
}

/** Bytes of the heavy answer's body. */
export async function heavyBytes(port: number, template: RequestTemplate): Promise<number> {
  return Buffer.byteLength(await bodyOf(port, template, HOT_ACCOUNT));
}

async function ask({ measurement, server }: Running, account: number): Promise<unknown> {
  const body = JSON.parse(await bodyOf(server.port, measurement.template, account));
  return body.data?.config ?? body;
}

async function bodyOf(port: number, template: RequestTemplate, account: number): Promise<string> {
  const [head = "", body] = createRequestWriter(template, "").fill(account, 0).split("\r\n\r\n");
  const path = head.split(" ")[1];
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: template.method,
    headers: template.headers,
    ...(template.method === "POST" && body !== undefined && { body }),
  });
  return response.text();
}

/** Undefined when it is no config at all. */
function comparable(answer: unknown): Omit<Answer, "etag"> | undefined {
  const { id, etag, values, fields } = answer as Partial<Answer>;
  if (typeof etag !== "string" || etag === "" || id === undefined || fields === undefined) return undefined;
  const sorted = fields.toSorted((a, b) => (a.pointer < b.pointer ? -1 : 1));
  return { id, values, fields: sorted };
}
