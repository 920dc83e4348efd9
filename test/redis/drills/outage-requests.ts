import type { FastifyInstance } from "fastify";
import { fairNow } from "../../fair-time.js";
import { openApp } from "./outage-app.js";

export const AT_ONCE = 200;
/** Two seconds, and what so many at once take on a machine that has other work. */
const ANSWERED_WITHIN_MS = 2_500;

/** Something to ask the service for. */
export interface Request {
  readonly name: string;
  readonly needsStore: boolean;
  readonly method: "GET" | "POST" | "PATCH";
  readonly url: string;
  readonly payload?: unknown;
  /** What the status may be while the store does not answer. */
  readonly failures: readonly number[];
}

export interface Answer {
  readonly request: Request;
  readonly status: number;
  /** Whether it is what was asked for. */
  readonly isFine: boolean;
  readonly codes: readonly string[];
  readonly milliseconds: number;
}

const graphql = (name: string, query: string, needsStore = true): Request => ({
  name,
  needsStore,
  method: "POST",
  url: "/graphql",
  payload: { query },
  failures: [200],
});
export const write = (account: string, n: number): Request =>
  graphql(
    "write by GraphQL",
    `mutation {
      patchConfig(input: { accountId: "${account}", configId: "conferences", patch: { pin_timeout: ${1_000 + n} } }) {
        __typename
      }
    }`,
  );
const urlOf = (account: string) => `/v2/accounts/${account}/configs/conferences`;

/** Every face of the service, each asked about an account of its own. */
const KINDS: readonly ((account: string, n: number) => Request)[] = [
  (account) =>
    graphql("read by GraphQL", `{ config(accountId: "${account}", configId: "conferences") { id etag } }`),
  (account) => ({
    name: "read by REST",
    needsStore: true,
    method: "GET",
    url: urlOf(account),
    failures: [503],
  }),
  write,
  (account, n) => ({
    name: "write by REST",
    needsStore: true,
    method: "PATCH",
    url: urlOf(account),
    payload: { data: { pin_timeout: 1_000 + n } },
    failures: [503, 504],
  }),
  () => graphql("schemas by GraphQL", "{ configSchemas { id title } }", false),
  () => ({ name: "live", needsStore: false, method: "GET", url: "/health/live", failures: [] }),
  () => ({ name: "ready", needsStore: true, method: "GET", url: "/health/ready", failures: [503] }),
];

export const accountOf = (n: number) => `account${n}`;
/** As many requests as come at once, of each kind in turn. */
export const MIXED: readonly Request[] = Array.from({ length: AT_ONCE }, (_, n) =>
  KINDS.filter((_kind, index) => index === n % KINDS.length).map((kind) => kind(accountOf(n), n)),
).flat();
export const ONE_OF_EACH = MIXED.slice(0, KINDS.length);

/**
 * The service with an account for each request, and everything asked once, so that what follows is not slowed by a first
 * time. Not closed by itself.
 */
export async function openWarmApp(port: number): Promise<FastifyInstance> {
  const app = await openApp(port);
  const accounts = MIXED.map((_, n) =>
    graphql(
      "account",
      `mutation { createAccount(input: { id: "${accountOf(n)}", name: "n", parentId: "summit" }) { __typename } }`,
    ),
  );
  for (const requests of [accounts, MIXED]) {
    for (let from = 0; from < requests.length; from += 20) {
      const answers = await askAll(app, requests.slice(from, from + 20));
      const unwell = answers.find(({ isFine }) => !isFine);
      if (unwell !== undefined) throw new Error(`before the outage: ${JSON.stringify(unwell)}`);
    }
  }
  return app;
}

export async function askAll(app: FastifyInstance, requests: readonly Request[]): Promise<Answer[]> {
  return Promise.all(requests.map((request) => ask(app, request)));
}

async function ask(app: FastifyInstance, request: Request): Promise<Answer> {
  const start = fairNow();
  const { method, url, payload } = request;
  const response = await app.inject({
    method,
    url,
    headers: { host: "127.0.0.1", ...(payload !== undefined && { "content-type": "application/json" }) },
    ...(payload !== undefined && { payload: JSON.stringify(payload) }),
  });
  const { errors = [] } = response.json<{ errors?: { extensions: { code: string } }[] }>();
  return {
    request,
    status: response.statusCode,
    isFine: response.statusCode === 200 && errors.length === 0,
    codes: errors.map(({ extensions }) => extensions.code),
    milliseconds: fairNow() - start,
  };
}

const UNAVAILABLE = ["STORE_UNAVAILABLE", "WRITE_OUTCOME_UNKNOWN"];

/** What is wrong with some answers of an outage, in sentences; not all of it, if it is much. */
export function faultsOf(answers: readonly Answer[]): string[] {
  return answers.flatMap((answer) => faultOf(answer) ?? []).slice(0, 10);
}

function faultOf({ request, status, isFine, codes, milliseconds }: Answer): string | undefined {
  const told = `${request.name}: ${status} ${codes.join(" ")} after ${Math.round(milliseconds)} ms`;
  if (milliseconds > ANSWERED_WITHIN_MS) return told;
  if (!request.needsStore) return isFine ? undefined : told;
  const isToldRight = request.failures.includes(status) && codes.every((code) => UNAVAILABLE.includes(code));
  return isToldRight && !isFine ? undefined : told;
}

/** In milliseconds. */
export function slowestOf(answers: readonly Answer[]): number {
  return Math.round(Math.max(...answers.map(({ milliseconds }) => milliseconds)));
}
