import { randomUUID } from "node:crypto";
import { pino } from "pino";
import { describe, expect, onTestFinished, test } from "vitest";
import { OPEN_PRINCIPAL } from "../../../src/auth/principal.js";
import { loadSchemaRegistry } from "../../../src/schema/schema-registry.js";
import { ConfigService } from "../../../src/service/config-service.js";
import { createRequestReader } from "../../../src/service/read/request-reader.js";
import type { Store } from "../../../src/store/store.js";
import { createMerges, Services, SHIPPED_SCHEMAS } from "../../service/services.js";
import { alteredStore } from "../../store/altered-store.js";
import { openTestStore } from "../../store/test-store.js";
import { GraphqlClient } from "../graphql-client.js";
import { AccountDocument, ConfigDocument, PatchConfigDocument } from "../operations.generated.js";
import { TestApp } from "../test-app.js";
import { openEndpoint } from "./open-endpoint.js";

const SECRET = "hunter2";
const TARGET = { accountId: "acme", configId: "conferences" };
const INCIDENT = "incident-1";

interface Failing {
  readonly client: GraphqlClient;
  readonly log: Record<string, unknown>[];
  readonly store: Store;
}

/** The real thing, in which some calls of the store go wrong, or telling the time does. */
async function openFailing(
  failures: (store: Store) => Partial<Store>,
  now = () => new Date(),
): Promise<Failing> {
  const sound = await openTestStore();
  await new Services(sound, SHIPPED_SCHEMAS).tree(["northstar"], ["acme", "northstar"]);
  const store = alteredStore(sound, failures(sound));
  const { accounts } = new Services(store, SHIPPED_SCHEMAS);
  const registry = loadSchemaRegistry(SHIPPED_SCHEMAS);
  const configs = new ConfigService({
    store,
    now,
    newId: () => randomUUID(),
    registry,
    merges: createMerges(),
  });
  const log: Record<string, unknown>[] = [];
  const app = await openEndpoint({
    store,
    logger: pino({ base: null }, { write: (line: string) => log.push(JSON.parse(line)) }),
    openContext: () => ({ accounts, configs, reader: createRequestReader(store, OPEN_PRINCIPAL) }),
    newId: () => INCIDENT,
  });
  onTestFinished(async () => {
    await app.close();
    await sound.close();
  });
  return { client: new GraphqlClient(app), log, store };
}

function secretError(): Error {
  const error = new Error(`no connection for admin:${SECRET}`, { cause: new Error(SECRET) });
  return Object.assign(error, { name: "ConnectionError", code: "ECONN", command: { args: [SECRET] } });
}

describe("an error that nobody expected", () => {
  const query = `mutation { patchConfig(input: { accountId: "acme", configId: "conferences", patch: { pin_timeout: 1 } }) {
    __typename } }`;
  const failWith = (thrown: unknown) =>
    openFailing(
      () => ({}),
      () => {
        throw thrown;
      },
    );

  test("tells an incident id and nothing else; the log says where it came from, not what it holds", async () => {
    const { client, log } = await failWith(secretError());
    const answer = await client.post({ query }, { "x-request-id": "request-1" });
    expect(answer.status).toBe(200);
    expect(answer.data).toEqual({ patchConfig: null });
    expect(answer.errors).toEqual([
      {
        message: `Something went wrong on our side. Incident ${INCIDENT}.`,
        locations: [{ line: 1, column: 12 }],
        path: ["patchConfig"],
        extensions: { code: "INTERNAL_SERVER_ERROR", incident: INCIDENT },
      },
    ]);
    const [line, ...others] = log.filter(({ msg }) => msg === "unexpected error");
    expect(line).toMatchObject({
      incident: INCIDENT,
      requestId: "request-1",
      err: { name: "ConnectionError", code: "ECONN", cause: { name: "Error" } },
    });
    expect(line?.err).toHaveProperty("frames.0", expect.stringMatching(/^at .*errors\.test/));
    expect(others).toEqual([]);
    expect(answer.text + JSON.stringify(log)).not.toContain(SECRET);
  });

  test.each([SECRET, undefined, { message: SECRET }, new Error(`${SECRET}\n    at ${SECRET}`)])(
    "%j thrown is told in the same way",
    async (thrown) => {
      const { client, log } = await failWith(thrown);
      const answer = await client.post({ query });
      expect(answer.errors).toMatchObject([
        { extensions: { code: "INTERNAL_SERVER_ERROR", incident: INCIDENT } },
      ]);
      expect(answer.text + JSON.stringify(log)).not.toContain(SECRET);
    },
  );
});

describe("a store that fails", () => {
  test("closed: STORE_UNAVAILABLE for what needs it, and the rest is answered", async () => {
    const { client, store } = await openFailing(() => ({}));
    await store.close();
    const answer = await client.post({
      query: `{ configSchema(configId: "conferences") { id } account(id: "acme") { id } config(accountId: "acme") { id } }`,
    });
    expect(answer.data).toEqual({ configSchema: { id: "schema:conferences" }, account: null, config: null });
    expect(answer.errors?.map(({ extensions }) => extensions)).toEqual([
      { code: "STORE_UNAVAILABLE" },
      { code: "STORE_UNAVAILABLE" },
    ]);
  });

  test("a commit that was not applied: STORE_UNAVAILABLE, with the reason in the log", async () => {
    const cause = Object.assign(new Error("the disk is full"), { code: "ENOSPC", errno: -28 });
    const { client, log } = await openFailing(() => ({
      commit: () => Promise.resolve({ outcome: "notApplied", cause }),
    }));
    const answer = await client.ask(PatchConfigDocument, { input: { ...TARGET, patch: { pin_timeout: 1 } } });
    expect(answer).toMatchObject({
      status: 200,
      data: { patchConfig: null },
      errors: [{ path: ["patchConfig"], extensions: { code: "STORE_UNAVAILABLE" } }],
    });
    expect(answer.text).not.toContain("disk");
    expect(log.find(({ msg }) => msg === "the store failed")).toMatchObject({
      requestId: expect.any(String),
      err: { code: "ENOSPC", message: "the disk is full" },
    });
  });

  test("no answer in time: WRITE_OUTCOME_UNKNOWN", async () => {
    const cause = new Error("timeout");
    const { client } = await openFailing(() => ({
      commit: async () => {
        await new Promise((resolve) => setTimeout(resolve, 200));
        return { outcome: "unknown", cause };
      },
    }));
    const answer = await client.ask(PatchConfigDocument, { input: { ...TARGET, patch: { pin_timeout: 1 } } });
    expect(answer.errors).toMatchObject([{ extensions: { code: "WRITE_OUTCOME_UNKNOWN" } }]);
  });

  test("what a failed write may have changed is read again by the rest of the request", async () => {
    let commits = 0;
    const { client } = await openFailing((sound) => ({
      commit: async (commit) => {
        commits++;
        if (commits === 1) return sound.commit(commit);
        await sound.commit(commit);
        throw new Error("after the fact");
      },
    }));
    const patch = (pin_timeout: number) =>
      `patchConfig(input: { accountId: "acme", configId: "conferences", patch: { pin_timeout: ${pin_timeout} } }) {
        ... on ConfigWritten { config { account { config(configId: "conferences") { value(at: "/pin_timeout") } } } } }`;
    const { data } = await client.post({
      query: `mutation { a: ${patch(1)} b: ${patch(2)} c: resetConfig(input: { accountId: "acme", configId: "conferences", pointers: [] }) {
        ... on ConfigWritten { config { account { config(configId: "conferences") { value(at: "/pin_timeout") } } } } } }`,
    });
    expect(data).toMatchObject({
      a: { config: { account: { config: { value: 1 } } } },
      b: null,
      c: { config: { account: { config: { value: 2 } } } },
    });
  });

  test("one failure that fails many fields is logged once", async () => {
    const cause = new Error("gone");
    const { StrataError } = await import("../../../src/domain/errors.js");
    const { client, log } = await openFailing(() => ({
      lineages: () =>
        Promise.reject(new StrataError("STORE_UNAVAILABLE", "The store does not answer.", { cause })),
    }));
    const { errors } = await client.post({
      query: `{ ${Array.from({ length: 20 }, (_, i) => `a${i}: account(id: "acme") { id }`).join(" ")} }`,
    });
    expect(errors).toHaveLength(20);
    expect(log.filter(({ msg }) => msg === "the store failed")).toHaveLength(1);
  });
});

test("introspection that is off is told with the setting that switches it on", async () => {
  const { client } = await TestApp.forTest(undefined, { introspection: false });
  const { status, errors } = await client.post({ query: "{ __schema { types { name } } }" });
  expect([status, errors?.[0]?.message]).toEqual([400, expect.stringContaining("STRATA_INTROSPECTION")]);
});

test("an account's errors are its own: the answer of one request knows nothing of another's", async () => {
  const { client } = await openFailing(() => ({}));
  const [bad, good] = await Promise.all([
    client.ask(ConfigDocument, { ...TARGET, configId: "nothing" }),
    client.ask(AccountDocument, { id: "acme", configIds: ["conferences"] }),
  ]);
  expect(bad.errors).toHaveLength(1);
  expect(good.errors).toBeUndefined();
});
