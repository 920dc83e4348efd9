import { setTimeout as pause } from "node:timers/promises";
import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionResult,
  graphql,
  parse,
  subscribe,
} from "graphql";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { OPEN_PRINCIPAL, type Principal } from "../../../src/auth/principal.js";
import type { SubscriptionContext } from "../../../src/graphql/api/context.js";
import { createGraphqlSchema } from "../../../src/graphql/api/schema.js";
import { RequestWork } from "../../../src/graphql/server/request-work.js";
import { createRequestReader } from "../../../src/service/read/request-reader.js";
import type { Store } from "../../../src/store/store.js";
import { OPEN_SCHEMAS, Services } from "../../service/services.js";
import { alteredStore } from "../../store/altered-store.js";
import { openTestStore } from "../../store/test-store.js";
import { schemaFolder } from "../../temporary-folder.js";

const schema = await createGraphqlSchema();
const TWO_SCHEMAS = { ...OPEN_SCHEMAS, "account_config.other": { additionalProperties: true } };
const RESULT = `__typename
  ... on ConfigWritten { dryRun revision document changes { pointer before after } impact { total digest counts { outcome count } } }
  ... on ConfigInvalid { problems { pointer keyword } } ... on ConfigConflict { message }`;
const QUERY = parse(
  `subscription ($write: ConfigWriteInput!) { configImpact(write: $write) { done total result { ${RESULT} } } }`,
);
const WRITTEN =
  "account { id parent { id } isReseller } dryRun impact { total digest counts { outcome count } }";
const ACCOUNT_QUERY = parse(
  `subscription ($update: UpdateAccountInput!, $configIds: [ID!]) { accountImpact(update: $update, configIds: $configIds) { done total result { ${WRITTEN} } } }`,
);
const PATCH = { configId: "open", patch: { v: 1 } };
const OF_RESELLER = { patchConfig: { accountId: "r", ...PATCH } };

interface Progress {
  readonly done: number;
  readonly total: number;
  readonly result: Record<string, unknown> | null;
}
type Message = ExecutionResult<Readonly<Record<string, Progress>>>;

/** A reseller with some accounts below, two of them below another reseller, over a store some of whose calls are replaced. */
async function open(calls: (store: Store) => Partial<Store> = () => ({})): Promise<Services> {
  const store = await openTestStore();
  onTestFinished(() => store.close());
  const services = new Services(alteredStore(store, calls(store)), schemaFolder(TWO_SCHEMAS));
  await services.tree(["root"], ["r*", "root"], ["a", "r"], ["b", "r"], ["r2*", "r"], ["c", "r2"]);
  return services;
}

function contextOf(
  { accounts, configs, live, store }: Services,
  principal: Principal = OPEN_PRINCIPAL,
  signal = new AbortController().signal,
): SubscriptionContext {
  const reader = createRequestReader(store, principal);
  return { principal, accounts, configs, live, reader, work: new RequestWork(), signal };
}

const messagesOf = (services: Services, write: object) => allMessages(services, QUERY, { write });

async function allMessages(
  services: Services,
  document: DocumentNode,
  variableValues: Record<string, unknown>,
): Promise<Progress[]> {
  const stream = await subscribe({ schema, document, contextValue: contextOf(services), variableValues });
  if (!(Symbol.asyncIterator in stream)) throw new Error(JSON.stringify(stream));
  const all: Progress[] = [];
  for await (const { data, errors } of stream as AsyncGenerator<Message>) {
    expect(errors).toBeUndefined();
    if (data) all.push(...Object.values(data));
  }
  return all;
}

/** A store that takes its time, in milliseconds, where an impact reads documents and where it asks what has changed meanwhile. */
const slow =
  (documents: number, changes: number, calls: string[] = []) =>
  (store: Store): Partial<Store> => ({
    documents: async (keys) => {
      calls.push("documents");
      await pause(documents);
      return store.documents(keys);
    },
    changes: async (after, limit) => {
      calls.push("changes");
      await pause(changes);
      return store.changes(after, limit);
    },
  });

const code = (errors: ExecutionResult["errors"]) =>
  errors?.map(({ originalError }) => originalError && { ...originalError });

type Started = readonly [DocumentNode, Record<string, unknown>, SubscriptionContext];

const start = (...[document, variableValues, contextValue]: Started) =>
  createSourceEventStream({ schema, document, variableValues, contextValue });

async function eventsOf(...given: Started): Promise<AsyncIterator<unknown>> {
  const stream = await start(...given);
  if (!(Symbol.asyncIterator in stream)) throw new Error(JSON.stringify(stream));
  return stream[Symbol.asyncIterator]();
}

async function refusalOf(...given: Started) {
  const refused = await start(...given);
  if (Symbol.asyncIterator in refused) throw new Error("it was not refused");
  return code(refused.errors);
}

describe("Subscription.configImpact", () => {
  test("tells some times a second how far it has come, and in the end what the write would do", async () => {
    const services = await open(slow(300, 700));
    await services.set("a", "open", { v: 2 });
    const startedAt = performance.now();
    const all = await messagesOf(services, OF_RESELLER);
    const [last, ...before] = all.toReversed();
    expect(before.length).toBeLessThanOrEqual((performance.now() - startedAt) / 250);
    expect(before.map(({ result }) => result)).toEqual(before.map(() => null));
    // Those below the other reseller are not known to inherit from that one before they are looked at.
    expect(before.at(-1)).toMatchObject({ done: 0, total: 4 });
    expect(before.at(0)).toMatchObject({ done: 3, total: 4 });
    expect(last).toMatchObject({
      done: 3,
      total: 3,
      result: { dryRun: true, revision: null, impact: { total: 3 } },
    });
    expect(await services.stored("r", "open")).toBeUndefined();
  });

  test("has one message where nothing takes long, and where nobody inherits", async () => {
    const services = await open();
    expect(await messagesOf(services, OF_RESELLER)).toMatchObject([{ done: 3, total: 3 }]);
    expect(await messagesOf(services, { patchConfig: { accountId: "a", ...PATCH } })).toMatchObject([
      { done: 0, total: 0, result: { impact: null } },
    ]);
  });

  test("reads nothing more once it is left", async () => {
    const calls: string[] = [];
    const services = await open(slow(300, 0, calls));
    await services.set("a", "open", { v: 2 });
    const leaving = new AbortController();
    const events = await eventsOf(
      QUERY,
      { write: OF_RESELLER },
      contextOf(services, OPEN_PRINCIPAL, leaving.signal),
    );
    expect((await events.next()).value).toMatchObject({ done: 0, total: 4, result: undefined });
    leaving.abort();
    await expect(events.next()).rejects.toMatchObject({ name: "AbortError" });
    const before = calls.length;
    await pause(500);
    expect(calls.slice(before)).toEqual([]);
    expect(calls).not.toContain("changes");
  });

  test.each<[string, object]>([
    ["setConfig", { accountId: "r", configId: "open", values: { v: 1 } }],
    ["patchConfig", { accountId: "r", ...PATCH, pin: ["/w"] }],
    ["resetConfig", { accountId: "r", configId: "open", pointers: ["/w"] }],
    ["restoreConfig", { accountId: "r", configId: "open", revision: 1 }],
    [
      "constrainConfig",
      { accountId: "r", configId: "open", set: [{ pointer: "/w", kind: "LOCK", reason: "one" }] },
    ],
    ["setSystemConfig", { configId: "open", values: { v: 1 } }],
    ["patchSystemConfig", PATCH],
    ["resetSystemConfig", { configId: "open" }],
    ["restoreSystemConfig", { configId: "open", revision: 1 }],
    ["constrainSystemConfig", { configId: "open", set: [{ pointer: "/v", kind: "LOCK", reason: "all" }] }],
  ])("answers what %s does as a dry run", async (mutation, input) => {
    const services = await open();
    for (const values of [{ w: 1 }, { w: 2, v: 3 }])
      for (const accountId of ["r", undefined]) await services.set(accountId, "open", values);
    const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`;
    const { data, errors } = await graphql({
      schema,
      source: `mutation ($input: ${type}!) { result: ${mutation}(input: $input) { ${RESULT} } }`,
      contextValue: contextOf(services),
      variableValues: { input: { ...input, dryRun: true } },
    });
    expect(errors).toBeUndefined();
    const [message] = await messagesOf(services, { [mutation]: input });
    expect(message?.result).toEqual(data?.result);
    expect(message?.result).toMatchObject({ __typename: "ConfigWritten", dryRun: true });
  });

  test("answers a write that is not accepted as the mutation does", async () => {
    const services = await open();
    const refused = { setConfig: { accountId: "r", configId: "open", values: {}, ifMatch: "another" } };
    expect(await messagesOf(services, refused)).toMatchObject([
      { done: 0, total: 0, result: { __typename: "ConfigConflict" } },
    ]);
  });

  test.each<[string, object, object, Partial<Principal>?]>([
    ["no write", {}, { code: "BAD_USER_INPUT", pointer: "/write" }],
    ["only nulls", { setConfig: null }, { code: "BAD_USER_INPUT", pointer: "/write" }],
    [
      "two writes",
      { ...OF_RESELLER, patchSystemConfig: PATCH },
      { code: "BAD_USER_INPUT", pointer: "/write" },
    ],
    [
      "an expected impact",
      { patchSystemConfig: { ...PATCH, expectImpact: "x" } },
      { code: "BAD_USER_INPUT", pointer: "/write/patchSystemConfig/expectImpact" },
    ],
    [
      "a cursor that is none",
      { patchConfig: { ...OF_RESELLER.patchConfig, base: "x" } },
      { pointer: "/base" },
    ],
    [
      "an account that is not there",
      { patchConfig: { accountId: "x", ...PATCH } },
      { code: "ACCOUNT_NOT_FOUND" },
    ],
    [
      "an account above the caller",
      OF_RESELLER,
      { code: "ACCOUNT_NOT_FOUND" },
      { isSuperadmin: false, accountId: "r2" },
    ],
    [
      "the system, of a caller that is no superadmin",
      { patchSystemConfig: PATCH },
      { code: "FORBIDDEN" },
      { isSuperadmin: false, accountId: "root" },
    ],
  ])("is refused for %s", async (_, write, error, caller = {}) => {
    const services = await open();
    const principal = { ...OPEN_PRINCIPAL, issuedAt: 2 ** 40, ...caller };
    expect(await refusalOf(QUERY, { write }, contextOf(services, principal))).toMatchObject([error]);
  });
});

describe("Subscription.accountImpact", () => {
  const MOVE = { id: "r2", parentId: "root" };
  const ofAccount = (services: Services, update: object, configIds?: readonly string[]) =>
    allMessages(services, ACCOUNT_QUERY, { update, configIds });

  test("tells how far it has come in all of the configs, and in the end what the update would do", async () => {
    const services = await open(slow(300, 0));
    await services.set("a", "open", { v: 2 });
    const [last, ...before] = (await ofAccount(services, { id: "r", isReseller: false })).toReversed();
    expect(before.map(({ result }) => result)).toEqual(before.map(() => null));
    // Two configs, and four accounts at most in each: those below the other reseller keep it.
    const totals = before.map(({ total }) => total).filter((total) => total > 0);
    expect(new Set(totals)).toEqual(new Set([8]));
    expect(before.some(({ done }) => done >= 3)).toBe(true);
    expect(last).toMatchObject({
      done: 6,
      total: 6,
      result: { account: { id: "r", isReseller: false }, dryRun: true, impact: [{ total: 3 }, { total: 3 }] },
    });
    const { accounts, principal, reader } = contextOf(services);
    expect(await accounts.find(principal, "r", reader)).toMatchObject({ isReseller: true });
  });

  test.each<[string, object, readonly string[] | undefined]>([
    ["a move", MOVE, undefined],
    ["a move, of one config", MOVE, ["open"]],
    ["a reseller flag", { id: "r", isReseller: false }, undefined],
    ["a name, which hits nobody", { id: "r", name: "another" }, undefined],
  ])("answers what %s does as a dry run", async (_, update, configIds) => {
    const services = await open();
    await services.set("r", "open", { v: 1 });
    const { data, errors } = await graphql({
      schema,
      source: `mutation ($input: UpdateAccountInput!, $configIds: [ID!]) {
        updateAccount(input: $input) { ${WRITTEN.replace("impact", "impact(configIds: $configIds)")} }
      }`,
      contextValue: contextOf(services),
      variableValues: { input: { ...update, dryRun: true }, configIds },
    });
    expect(errors).toBeUndefined();
    const [message] = await ofAccount(services, update, configIds);
    expect(message?.result).toEqual(data?.updateAccount);
  });

  test("looks at an account once, however often the answer is asked for", async () => {
    const calls: string[] = [];
    const services = await open(slow(0, 0, calls));
    await ofAccount(services, MOVE, ["open"]);
    const once = calls.length;
    const twice = parse(
      `subscription ($update: UpdateAccountInput!) { accountImpact(update: $update, configIds: ["open"]) { result { impact { total } again: impact { digest } } } }`,
    );
    await allMessages(services, twice, { update: MOVE });
    expect(calls.length).toBe(2 * once);
  });

  test("ends its work once it is left", async () => {
    const calls: string[] = [];
    const services = await open(slow(300, 0, calls));
    await services.set("a", "open", { v: 2 });
    const leaving = new AbortController();
    const events = await eventsOf(
      ACCOUNT_QUERY,
      { update: { id: "r", isReseller: false } },
      contextOf(services, OPEN_PRINCIPAL, leaving.signal),
    );
    await events.next();
    leaving.abort();
    await expect(events.next()).rejects.toMatchObject({ name: "AbortError" });
    await pause(400);
    const before = calls.length;
    await pause(400);
    expect(calls.slice(before)).toEqual([]);
  });

  test.each<[string, Record<string, unknown>, object, Partial<Principal>?]>([
    [
      "a config that is not there",
      { update: MOVE, configIds: ["open", "nope"] },
      { code: "CONFIG_NOT_FOUND" },
    ],
    [
      "an account that is not there",
      { update: { id: "x", isReseller: true } },
      { code: "ACCOUNT_NOT_FOUND" },
    ],
    ["a move below itself", { update: { id: "r", parentId: "c" } }, { code: "ACCOUNT_CYCLE" }],
    [
      "an account above the caller",
      { update: { id: "r", isReseller: false } },
      { code: "ACCOUNT_NOT_FOUND" },
      { accountId: "r2" },
    ],
    [
      "a flag that is for another to set",
      { update: { id: "r", isReseller: false } },
      { code: "FORBIDDEN" },
      { accountId: "r" },
    ],
  ])("is refused for %s", async (_, variableValues, error, caller) => {
    const services = await open();
    const principal = {
      ...OPEN_PRINCIPAL,
      issuedAt: 2 ** 40,
      ...(caller && { isSuperadmin: false, ...caller }),
    };
    expect(await refusalOf(ACCOUNT_QUERY, variableValues, contextOf(services, principal))).toMatchObject([
      error,
    ]);
  });
});

describe("A mutation whose impact takes longer than a request has", () => {
  test("has been made, says QUERY_TOO_COMPLEX in place of the impact, and names the subscription", async () => {
    const clock = performance.now.bind(performance);
    let later = 0;
    const services = await open((store) => ({
      inheriting: async (of) => {
        later += 21_000;
        return store.inheriting(of);
      },
    }));
    vi.spyOn(performance, "now").mockImplementation(() => clock() + later);
    onTestFinished(() => void vi.restoreAllMocks());
    const source = `mutation ($input: PatchConfigInput!) { patchConfig(input: $input) { ${RESULT} } }`;
    const write = (more: object) =>
      graphql({
        schema,
        source,
        contextValue: contextOf(services),
        variableValues: { input: { ...OF_RESELLER.patchConfig, ...more } },
      });
    const { data, errors } = await write({});
    expect(data).toMatchObject({ patchConfig: { revision: 1, impact: null } });
    expect(code(errors)).toMatchObject([{ code: "QUERY_TOO_COMPLEX", limit: "impact" }]);
    expect(errors?.[0]?.message).toContain("configImpact");
    // Of a write that is bound to its impact the time is up before the commit.
    const slower = await open((store) => ({
      inheriting: async (of) => {
        later += 46_000;
        return store.inheriting(of);
      },
    }));
    const bound = await slower
      .write("r", "open", { kind: "PATCH", patch: { v: 1 } }, { expectImpact: "x" })
      .catch((error) => error);
    expect(bound).toMatchObject({ code: "QUERY_TOO_COMPLEX", limit: "impact" });
    expect(bound.message).toContain("Nothing was written");
    expect(await slower.stored("r", "open")).toBeUndefined();
  });
});
