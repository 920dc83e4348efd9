import assert from "node:assert/strict";
import type { AttackedServer } from "./attacked-server.js";
import { asAcme } from "./credentials.js";
import type { Answer, Message } from "./exchange.js";

/** What somebody tries, and the answer that it must get. */
export interface Attack {
  readonly name: string;
  readonly send: (server: AttackedServer) => Promise<Answer>;
  readonly expected: Expected;
}

export interface Expected {
  readonly status: number;
  /** `extensions.code` of the first error; under `/v2` the envelope says the status once more. */
  readonly code?: string;
  readonly limit?: string;
  readonly pointer?: string;
  /** Whatever a table cannot say. */
  readonly also?: (answer: Answer, server: AttackedServer) => void | Promise<void>;
}

interface Body {
  readonly data?: { readonly pointer?: string; readonly limit?: string } | null;
  readonly error?: string;
  readonly status?: string;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions: { readonly code: string; readonly limit?: string; readonly pointer?: string };
  }[];
}

export function bodyOf({ text, status }: Answer): Body {
  try {
    return JSON.parse(text) as Body;
  } catch {
    throw new assert.AssertionError({ message: `${status}, but no JSON: ${text.slice(0, 300)}` });
  }
}

/** @throws AssertionError when the answer is not what the attack must get */
export async function checkAnswer(
  { expected }: Attack,
  answer: Answer,
  server: AttackedServer,
): Promise<void> {
  const { status, code, limit, pointer, also } = expected;
  assert.equal(answer.status, status, `status of ${answer.raw.slice(0, 1_000)}`);
  if (status >= 400 && !/^(0\r\n\r\n)?$/.test(answer.text))
    assert.match(answer.headers["content-type"] ?? "", /^application\/(graphql-response\+)?json/);
  if (code !== undefined || limit !== undefined || pointer !== undefined) {
    const { errors, data, error } = bodyOf(answer);
    const found = errors?.[0]?.extensions ?? { ...data, code: `REST ${error}` };
    const wanted = {
      ...(code && { code }),
      ...(limit && { limit }),
      ...(pointer !== undefined && { pointer }),
    };
    const kept = Object.fromEntries(
      Object.keys(wanted).map((key) => [key, found[key as keyof typeof found]]),
    );
    assert.deepEqual(kept, wanted);
  }
  await also?.(answer, server);
}

/** A GraphQL request by the account `acme`. */
export function graphql(
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): (server: AttackedServer) => Promise<Answer> {
  const text = typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  return asking({ method: "POST", path: "/graphql", headers, body: text });
}

export const query = (text: string, variables?: unknown) => graphql({ query: text, variables });

/** A request to the REST face by the account `acme`. */
export function rest(
  method: string,
  path: string,
  body?: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): (server: AttackedServer) => Promise<Answer> {
  return asking({ method, path: `/v2${path}`, headers, ...(body !== undefined && { body }) });
}

export function asking(request: Message): (server: AttackedServer) => Promise<Answer> {
  return async (server) => server.ask({ ...request, headers: { ...(await asAcme()), ...request.headers } });
}

/** One row of a table for what both faces must answer alike. */
export function bothFaces(
  name: string,
  body: string | Buffer,
  headers: Readonly<Record<string, string>>,
  expected: Expected,
): Attack[] {
  const { code: _, ...same } = expected;
  return [
    { name: `${name}, GraphQL`, send: graphql(body, headers), expected },
    {
      name: `${name}, REST`,
      send: rest("PATCH", "/accounts/acme/configs/open", body, headers),
      expected: same,
    },
  ];
}

export const times = (count: number, make: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => make(i)).join(" ");
