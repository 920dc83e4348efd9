import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { OPEN_PRINCIPAL, type Principal, SCOPES } from "../../../src/auth/principal.js";
import type { CachedResponse } from "../../../src/graphql/server/response/cached-response.js";
import { ResponseCache } from "../../../src/graphql/server/response/response-cache.js";
import { loadSchemaRegistry } from "../../../src/schema/schema-registry.js";
import { AccountService } from "../../../src/service/account-service.js";
import { ConfigService } from "../../../src/service/config-service.js";
import { LineageCache } from "../../../src/service/read/lineage-cache.js";
import { MergedConfigs } from "../../../src/service/read/merged-configs.js";
import { createFailedReader, createRequestReader } from "../../../src/service/read/request-reader.js";
import { StrayReads } from "../../../src/service/read/stray-reads.js";
import type { Store } from "../../../src/store/store.js";
import { cases, SEED } from "../../cases.js";
import { alteredStore } from "../../store/altered-store.js";
import { openTestStore } from "../../store/test-store.js";
import { schemaFolder } from "../../temporary-folder.js";
import { openEndpoint } from "./open-endpoint.js";

/** 10^5 of them take some minutes. */
const QUESTIONS = cases(1_000, 20_000);

/** Half of the settings are the system's own. */
const SCHEMAS = {
  "account_config.mail": {
    type: "object",
    properties: {
      host: {},
      port: { type: "integer" },
      lines: { type: "object", additionalProperties: true },
    },
  },
  "system_config.mail": { type: "object", properties: { host: { default: "localhost" }, password: {} } },
  "account_config.fax": { type: "object", additionalProperties: true },
  "system_config.fax": { type: "object", properties: { pages: { default: 1 } } },
};
const IDS = ["root", "east", "west", "acme", "shop", "other"];
const CONFIGS = ["mail", "fax"];

function principal(accountId: string, given: Partial<Principal> = {}): Principal {
  const issuedAt = Number.MAX_SAFE_INTEGER;
  return { subject: accountId, accountId, isSuperadmin: false, scopes: new Set(SCOPES), issuedAt, ...given };
}
const CALLERS: readonly Principal[] = [
  OPEN_PRINCIPAL,
  ...IDS.map((id) => principal(id)),
  principal("acme", { scopes: new Set(["config:read"]) }),
  principal("acme", { scopes: new Set(["config:write"]) }),
  // Issued before any account was there, and between two of the same id.
  principal("acme", { issuedAt: 1 }),
  principal("gone"),
];

const WHOLE = `id etag values fields { pointer value source { kind account { id } } contributions { layer { kind } pointer value } }
  layers { kind document revision updatedBy account { id name } } problems { pointer } account { name parent { id } reseller { id isReseller } }`;
const QUERIES: readonly ((id: string, config: string) => { query: string; variables?: unknown })[] = [
  (accountId, configId) => ({
    query: `query ($accountId: ID!, $configId: ID!) { config(accountId: $accountId, configId: $configId) { ${WHOLE} } }`,
    variables: { accountId, configId },
  }),
  (id, config) => ({ query: `{ config(accountId: "${id}", configId: "${config}") { id values } }` }),
  (id) => ({ query: `{ account(id: "${id}") { id name parent { id } configs { ${WHOLE} } } }` }),
  (_, config) => ({ query: `{ systemConfig(configId: "${config}") { etag values } }` }),
  (id, config) => ({
    query: `{ a: config(accountId: "${id}", configId: "${config}") { etag } b: account(id: "shop") { name } viewer { subject } }`,
  }),
  (id) => ({
    query: `{ accounts(parentId: "${id}") { totalCount nodes { id config(configId: "mail") { etag } } } }`,
  }),
];

/** Headers that a response's headers can depend on. */
type Headers = Readonly<Record<string, string>>;
const ORIGIN = "https://app.example";
const HEADERS: readonly Headers[] = [
  {},
  {},
  {},
  {},
  { origin: ORIGIN },
  { origin: "https://elsewhere.example" },
  { accept: "application/graphql-response+json" },
  { accept: "application/json", "content-type": "application/json; charset=utf-8" },
  { accept: "text/plain" },
  { "accept-encoding": "gzip" },
  { "accept-encoding": "gzip, deflate, br" },
  { "accept-encoding": "br;q=0.1, gzip;q=0.5, identity;q=0" },
  { "accept-encoding": "identity;q=0", origin: ORIGIN },
];

interface Endpoint {
  ask(caller: Principal, body: unknown, headers?: Headers): Promise<string>;
}

async function openOn(
  store: Store,
  cache: ResponseCache,
  remembering: () => { lineages: LineageCache; merges: MergedConfigs },
  compileAt: number,
): Promise<Endpoint> {
  const registry = loadSchemaRegistry(schemaFolder(SCHEMAS));
  const strayReads = new StrayReads();
  const dependencies = { store: strayReads.watch(store), now: () => new Date(), newId: () => randomUUID() };
  const app = await openEndpoint({
    store,
    corsOrigins: [ORIGIN],
    identify: async ({ headers }) => CALLERS[Number(headers["x-caller"])] ?? OPEN_PRINCIPAL,
    openContext: (caller, failure) => {
      const { lineages, merges } = remembering();
      return {
        accounts: new AccountService({ ...dependencies, registry }),
        configs: new ConfigService({ ...dependencies, registry, merges }),
        reader:
          failure === undefined
            ? createRequestReader(store, caller, lineages, strayReads)
            : createFailedReader(failure),
      };
    },
    cache,
    compileAt,
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(async () => {
    agent.destroy();
    await app.close();
  });
  return { ask: (caller, body, headers) => post(agent, app.listeningOrigin, caller, body, headers) };
}

/** Status, headers and body, as they came over the wire. */
async function post(
  agent: Agent,
  origin: string,
  caller: Principal,
  body: unknown,
  given: Headers = {},
): Promise<string> {
  const headers = {
    "x-caller": String(CALLERS.indexOf(caller)),
    "content-type": "application/json",
    "x-request-id": "request-1",
    ...given,
  };
  const sent = request(`${origin}/graphql`, { method: "POST", agent, headers });
  sent.end(JSON.stringify(body));
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const { date: _, ...head } = response.headers;
  return `${response.statusCode} ${JSON.stringify(Object.entries(head).sort())} ${Buffer.concat(chunks).toString("latin1")}`;
}

/** The same store behind an endpoint that caches responses and compiles queries, and behind Apollo Server without either. */
async function openBoth(
  cacheOf: (store: Store) => ResponseCache,
): Promise<{ cached: Endpoint; plain: Endpoint }> {
  const store = await openTestStore();
  onTestFinished(() => store.close());
  const lineages = new LineageCache(2 ** 22);
  const merges = new MergedConfigs({ bytes: 2 ** 22 });
  const nothing = new ResponseCache({ ...optionsOf(store), bytes: 1 });
  const cached = await openOn(store, cacheOf(store), () => ({ lineages, merges }), 2);
  const plain = await openOn(
    store,
    nothing,
    () => ({
      lineages: new LineageCache(2 ** 16),
      merges: new MergedConfigs({ bytes: 2 ** 16 }),
    }),
    Number.POSITIVE_INFINITY,
  );
  const tree = [
    ["root", undefined],
    ["east", "root"],
    ["west", "root"],
    ["acme", "east"],
    ["shop", "acme"],
    ["other", "west"],
  ];
  for (const [id, parentId] of tree) {
    const input = { id, name: id, ...(parentId && { parentId }), isReseller: id === "east" };
    await plain.ask(OPEN_PRINCIPAL, mutation("createAccount", "CreateAccountInput", input));
  }
  return { cached, plain };
}

function mutation(field: string, type: string, input: unknown): { query: string; variables: unknown } {
  return {
    query: `mutation ($input: ${type}!) { ${field}(input: $input) { __typename } }`,
    variables: { input },
  };
}

const values = fc.constantFrom<unknown>(
  { host: "a" },
  { host: "b", port: 1 },
  { host: null },
  { lines: { a: 1 } },
  { lines: { a: [1] } },
  {},
);
/** Of which accounts and configs changes and questions are made. */
interface Names {
  readonly id: fc.Arbitrary<string>;
  readonly configId: fc.Arbitrary<string>;
}
const ALL: Names = { id: fc.constantFrom(...IDS), configId: fc.constantFrom(...CONFIGS) };
/** So few that a mistake is found soon. */
const FEW: Names = { id: fc.constant("acme"), configId: fc.constant("mail") };

/** What changes the store, one way or another. */
const changeOf = ({ id, configId }: Names) =>
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .record({ accountId: id, configId, patch: values })
        .map((input) => mutation("patchConfig", "PatchConfigInput", input)),
    },
    {
      weight: 2,
      arbitrary: fc
        .record({ accountId: id, configId })
        .map((input) => mutation("resetConfig", "ResetConfigInput", input)),
    },
    {
      weight: 3,
      arbitrary: fc
        .record({
          configId,
          patch: fc.constantFrom<unknown>({ host: "s" }, { password: "x" }, { host: null }),
        })
        .map((input) => mutation("patchSystemConfig", "PatchSystemConfigInput", input)),
    },
    {
      weight: 2,
      arbitrary: fc
        .record({ id, parentId: ALL.id })
        .map((input) => mutation("updateAccount", "UpdateAccountInput", input)),
    },
    {
      weight: 1,
      arbitrary: fc
        .record({ id, isReseller: fc.boolean(), name: fc.constantFrom("x", "y") })
        .map((input) => mutation("updateAccount", "UpdateAccountInput", input)),
    },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom("shop", "other")
        .map((gone) => mutation("deleteAccount", "DeleteAccountInput", { id: gone })),
    },
    {
      weight: 1,
      arbitrary: fc
        .record({ id: fc.constantFrom("shop", "other"), parentId: ALL.id })
        .map((input) => mutation("createAccount", "CreateAccountInput", { ...input, name: "again" })),
    },
  );
const caller = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(...CALLERS) },
  // Those who see something: what is refused is not kept.
  { weight: 2, arbitrary: fc.constantFrom(OPEN_PRINCIPAL, ...CALLERS.slice(1, 3)) },
);
const questionOf = ({ id, configId }: Names) =>
  fc.record({
    caller,
    body: fc.tuple(fc.constantFrom(...QUERIES), id, configId).map(([query, ...target]) => query(...target)),
    headers: fc.constantFrom(...HEADERS),
  });
interface Step {
  readonly change: ReturnType<typeof changeOf>;
  readonly question: ReturnType<typeof questionOf>;
}
const ANY: Step = { change: changeOf(ALL), question: questionOf(ALL) };
/** All with the same headers, so that a mistake in anything else is found soon. */
const ALIKE: Step = {
  change: changeOf(FEW),
  question: questionOf(FEW).map((asked) => ({ ...asked, headers: {} as Headers })),
};
/** By tokens of one account, some of them older than it is. */
const OF_ONE_ACCOUNT: Step = {
  ...ALIKE,
  question: ALIKE.question.chain((asked) =>
    fc
      .constantFrom(...CALLERS.filter(({ accountId }) => accountId === "acme"))
      .map((one) => ({ ...asked, caller: one })),
  ),
};
const QUESTIONS_EACH = 6;
/** Some questions after each change. */
const steps = (count: number, { change, question }: Step) =>
  fc.sample(
    fc.record({
      change,
      questions: fc.array(question, { minLength: QUESTIONS_EACH, maxLength: QUESTIONS_EACH }),
    }),
    {
      seed: SEED,
      numRuns: Math.ceil(count / (4 * QUESTIONS_EACH)),
    },
  );

/** Asks both endpoints the same: each question after a change four times, so that the last two can come from the cache. */
async function differences(
  { cached, plain }: { cached: Endpoint; plain: Endpoint },
  count: number,
  step = ANY,
  stopAt = Number.POSITIVE_INFINITY,
): Promise<{ asked: number; differences: string[] }> {
  let answered = 0;
  const found: string[] = [];
  for (const { change: write, questions } of steps(count, step)) {
    await plain.ask(OPEN_PRINCIPAL, write);
    for (const { caller, body, headers } of [...questions, ...questions, ...questions, ...questions]) {
      const [answer, wanted] = await Promise.all([
        cached.ask(caller, body, headers),
        plain.ask(caller, body, headers),
      ]);
      if (answer !== wanted) found.push(`${JSON.stringify(body)}\n${answer}\n${wanted}`);
      answered++;
    }
    if (found.length >= stopAt) break;
  }
  return { asked: answered, differences: found };
}

/** Counts how often a response was found. */
class Counting extends ResponseCache {
  found = 0;
  override async find(body: Buffer, caller: Principal): Promise<CachedResponse | undefined> {
    const response = await super.find(body, caller);
    if (response !== undefined) this.found++;
    return response;
  }
}

function optionsOf(store: Store) {
  const { digest } = loadSchemaRegistry(schemaFolder(SCHEMAS));
  return { bytes: 2 ** 22, store, schemaDigest: () => digest };
}

describe(`cached responses and compiled plans (LAW_SEED=${SEED})`, () => {
  test("answer byte for byte as Apollo Server does, whoever asks, whatever has changed", async () => {
    let counting: Counting | undefined;
    const both = await openBoth((store) => {
      counting = new Counting(optionsOf(store));
      return counting;
    });
    const { asked, differences: found } = await differences(both, QUESTIONS);
    expect(found).toEqual([]);
    expect(asked).toBeGreaterThanOrEqual(QUESTIONS);
    // Of the second half most that may be cached at all: a fifth of everything, or what a seed makes of that.
    expect(counting?.found).toBeGreaterThan(asked / 20);
    console.log(`${asked} questions, ${counting?.found} answered from the cache`);
  });

  test("are not for tokens that are older than the account they are for", async () => {
    const { cached, plain } = await openBoth((store) => new ResponseCache(optionsOf(store)));
    const [query] = QUERIES as [(typeof QUERIES)[0]];
    const [fresh, old] = [principal("acme"), principal("acme", { issuedAt: 1 })].map((wanted) =>
      CALLERS.find(
        ({ accountId, issuedAt, scopes }) =>
          accountId === wanted.accountId && issuedAt === wanted.issuedAt && scopes.size === SCOPES.length,
      ),
    ) as [Principal, Principal];
    const body = query("acme", "mail");
    for (let times = 0; times < 4; times++)
      expect(await cached.ask(fresh, body)).toContain('"id":"acme/mail"');
    const answer = await cached.ask(old, body);
    expect(answer).toContain("ACCOUNT_NOT_FOUND");
    expect(answer).toBe(await plain.ask(old, body));
  });

  test("would be found out if the caller were not in the cache key", async () => {
    class Shared extends ResponseCache {
      override find(body: Buffer): Promise<CachedResponse | undefined> {
        return super.find(body, OPEN_PRINCIPAL);
      }
      protected override keep(body: Buffer, _caller: Principal, response: CachedResponse): void {
        super.keep(body, OPEN_PRINCIPAL, response);
      }
    }
    const both = await openBoth((store) => new Shared(optionsOf(store)));
    expect((await differences(both, 4_000, ALIKE, 1)).differences.length).toBeGreaterThan(0);
  });

  test.each([
    ["one layer", ALIKE, (response: CachedResponse) => withoutFirst(response, "documents")],
    ["one account", ALIKE, (response: CachedResponse) => withoutFirst(response, "accounts")],
    ["the age of tokens", OF_ONE_ACCOUNT, (response: CachedResponse) => ({ ...response, issuedFrom: 0 })],
  ])("would be found out if they did not depend on %s", async (_, step, flawed) => {
    class Flawed extends ResponseCache {
      protected override keep(body: Buffer, caller: Principal, response: CachedResponse): void {
        super.keep(body, caller, flawed(response));
      }
    }
    const both = await openBoth((store) => new Flawed(optionsOf(store)));
    expect((await differences(both, 20_000, step, 1)).differences.length).toBeGreaterThan(0);
  });
});

function withoutFirst(response: CachedResponse, part: "documents" | "accounts"): CachedResponse {
  const { vector } = response;
  return {
    ...response,
    vector: {
      ...vector,
      [part]: vector[part].slice(1),
      of: { ...vector.of, [part]: vector.of[part].slice(1) },
    },
  };
}

test("a compiled query waits once for a store that does not answer, and Apollo Server not again", async () => {
  const real = await openTestStore();
  onTestFinished(() => real.close());
  let [isDown, asked] = [false, 0];
  const unlessDown = <T>(call: () => Promise<T>): Promise<T> => {
    asked++;
    return isDown ? Promise.reject(new Error("gone")) : call();
  };
  const store = alteredStore(real, {
    layers: (targets, bodies) => unlessDown(() => real.layers(targets, bodies)),
    versions: (of) => unlessDown(() => real.versions(of)),
    lineages: (ids) => unlessDown(() => real.lineages(ids)),
  });
  const remembering = () => ({
    lineages: new LineageCache(2 ** 16),
    merges: new MergedConfigs({ bytes: 2 ** 16 }),
  });
  const endpoint = await openOn(store, new ResponseCache({ ...optionsOf(store), bytes: 1 }), remembering, 2);
  const input = { id: "root", name: "root" };
  await endpoint.ask(OPEN_PRINCIPAL, mutation("createAccount", "CreateAccountInput", input));
  const [query] = QUERIES as [(typeof QUERIES)[0]];
  for (let times = 0; times < 4; times++)
    expect(await endpoint.ask(OPEN_PRINCIPAL, query("root", "mail"))).toContain('"id":"root/mail"');
  [isDown, asked] = [true, 0];
  expect(await endpoint.ask(OPEN_PRINCIPAL, query("root", "mail"))).toContain("STORE_UNAVAILABLE");
  expect(asked).toBe(1);
});
