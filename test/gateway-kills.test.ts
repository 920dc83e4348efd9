import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { startServer } from "../src/start-server.js";
import { FUNCTIONS } from "../src/store/redis/redis-functions.js";
import { originOf, spawnStrata } from "./archive/strata-process.js";
import { sharedRedisUrl } from "./redis/run-redis.js";
import { TcpProxy } from "./redis/tcp-proxy.js";
import { until } from "./redis/until.js";
import { configUrl } from "./rest/rest-app.js";
import { SHIPPED_SCHEMAS } from "./service/services.js";
import { compileShim } from "./store/lmdb/fault-shim.js";
import { temporaryFolder } from "./temporary-folder.js";

const IS_LONG = process.env.STRATA_TEST_LONG === "1";
const KILLS = 50;
const CLIENTS = 6;
const ACCOUNT = "acme";
const CONFIG = "conferences";

type Settings = Readonly<Record<string, string>>;

interface Gateway {
  readonly origin: string;
}
interface KilledGateway extends Gateway {
  kill(): Promise<void>;
  /** Settles when it is gone. */
  readonly ended: Promise<unknown>;
}

/** In a process of its own. */
async function startToKill(settings: Settings): Promise<KilledGateway> {
  const { child, ended } = spawnStrata([], { STRATA_EXAMPLES: "on", ...settings });
  return {
    origin: await originOf(child),
    ended,
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** In the process of the test. */
async function startHere(settings: Settings): Promise<Gateway> {
  const app = await startServer({
    ...{
      STRATA_PORT: "0",
      STRATA_SCHEMAS: SHIPPED_SCHEMAS,
      STRATA_EXAMPLES: "on",
      STRATA_LOG_LEVEL: "silent",
    },
    ...settings,
  });
  onTestFinished(() => app.close());
  return { origin: app.listeningOrigin };
}

/** A write with a name. @returns undefined where no answer came */
async function write(
  { origin }: Gateway,
  name: string,
  value: number,
): Promise<{ status: number; isReplayed: boolean } | undefined> {
  try {
    const answer = await fetch(origin + configUrl(ACCOUNT, CONFIG), {
      method: "PATCH",
      headers: {
        "content-type": "application/json",
        "idempotency-key": `"${name}"`,
        "x-change-note": name,
        connection: "close",
      },
      body: JSON.stringify({ data: { pin_timeout: value } }),
      signal: AbortSignal.timeout(10_000),
    });
    await answer.arrayBuffer();
    return { status: answer.status, isReplayed: answer.headers.get("idempotent-replayed") === "true" };
  } catch {
    return undefined;
  }
}

async function ask<T>({ origin }: Gateway, query: string, variables = {}): Promise<T> {
  const answer = await fetch(`${origin}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", connection: "close" },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await answer.json()) as { data: T; errors?: unknown };
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
}

interface Entry {
  readonly revision: number;
  readonly note: string | null;
  readonly document: { readonly pin_timeout?: number } | null;
}

interface HistoryPage {
  readonly config: {
    readonly history: {
      readonly nodes: readonly Entry[];
      readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
    };
  };
}

/** The history of the document, newest first. */
async function historyOf(gateway: Gateway): Promise<Entry[]> {
  const query = `query ($after: String) { config(accountId: "${ACCOUNT}", configId: "${CONFIG}") {
    history(first: 100, after: $after) { nodes { revision note document } pageInfo { hasNextPage endCursor } } } }`;
  const entries: Entry[] = [];
  for (let after: string | null = null; ; ) {
    const { config }: HistoryPage = await ask(gateway, query, { after });
    entries.push(...config.history.nodes);
    if (!config.history.pageInfo.hasNextPage) return entries;
    after = config.history.pageInfo.endCursor;
  }
}

const notes = (entries: readonly Entry[]) => entries.map(({ note }) => note);

/** What a retry is told of the write, over GraphQL: the name is the same for both faces. */
const RETRY = `mutation ($input: PatchConfigInput!) { patchConfig(input: $input) {
  ... on ConfigWritten { replayed revision changes { pointer before after } } } }`;
const retryOf = (name: string, value: number) => ({
  input: {
    accountId: ACCOUNT,
    configId: CONFIG,
    patch: { pin_timeout: value },
    operationId: name,
    note: name,
  },
});

/** After a write that was done on a gateway that is gone: its retry gets the first answer, and it is there once. */
async function expectDoneOnce(gateway: Gateway, wasDone: boolean): Promise<void> {
  const [before] = await historyOf(gateway);
  expect(before?.note).toBe(wasDone ? "second" : "first");
  expect(await write(gateway, "second", 2_000)).toEqual({ status: 200, isReplayed: wasDone });
  expect(await ask(gateway, RETRY, retryOf("second", 2_000))).toEqual({
    patchConfig: {
      replayed: true,
      revision: (before?.revision ?? 0) + (wasDone ? 0 : 1),
      changes: [{ pointer: "/pin_timeout", before: 1_000, after: 2_000 }],
    },
  });
  const after = await historyOf(gateway);
  expect(notes(after).slice(0, 2)).toEqual(["second", "first"]);
  expect(notes(after).filter((note) => note === "second")).toHaveLength(1);
}

const EMBEDDED = [
  ["once the commit is on disk", "die", true],
  ["just before the commit is on disk", "die-before", false],
] as const;
const ON_REDIS = [
  ["once the commit is done", true],
  ["before the commit arrives", false],
] as const;
const retried = "the retry gets the first answer, and the write is there once";

describe.skipIf(process.platform !== "linux")("a gateway with the embedded store", () => {
  test.each(EMBEDDED)(`that is killed %s: ${retried}`, async (_, fault, wasDone) => {
    const folder = temporaryFolder();
    const [control, store] = [join(folder, "fault"), `lmdb:${join(folder, "data")}`];
    const shim = { LD_PRELOAD: compileShim(folder), FAULT_CONTROL: control };
    const killed = await startToKill({ STRATA_STORE: store, ...shim });
    expect(await write(killed, "first", 1_000)).toEqual({ status: 200, isReplayed: false });
    await writeFile(control, fault);
    expect(await write(killed, "second", 2_000)).toBeUndefined();
    await killed.ended;
    await expectDoneOnce(await startHere({ STRATA_STORE: store }), wasDone);
  });
});

describe("one of two gateways on a Redis", () => {
  test.each(ON_REDIS)(`that is killed %s: ${retried}`, async (_, wasDone) => {
    const url = new URL(sharedRedisUrl());
    const proxy = await TcpProxy.to(Number(url.port));
    onTestFinished(() => proxy.close());
    const STRATA_CELL = randomUUID();
    const placed = (port: number | string) => ({
      ...{ STRATA_CELL, STRATA_STATE: temporaryFolder(), STRATA_STORE: `redis://127.0.0.1:${port}` },
    });
    const other = await startHere(placed(url.port));
    const killed = await startToKill(placed(proxy.port));
    expect(await write(killed, "first", 1_000)).toEqual({ status: 200, isReplayed: false });
    proxy.whenSent(FUNCTIONS.commit, () => (wasDone ? proxy.dropReplies(true) : proxy.stall(true)));
    const lost = write(killed, "second", 2_000);
    await until("the commit is on its way", () => !proxy.isWaiting, 30_000);
    if (wasDone)
      await until("the commit is done", async () => (await historyOf(other))[0]?.note === "second", 30_000);
    await killed.kill();
    expect(await lost).toBeUndefined();
    await expectDoneOnce(other, wasDone);
  });
});

/** More are written than a history keeps unless told otherwise. */
const KEPT = { STRATA_HISTORY_REVISIONS: "100000", STRATA_HISTORY_BYTES: String(64 * 2 ** 20) };
const RANDOM_KILLS: readonly (readonly [string, () => readonly Settings[]])[] = [
  [
    "A gateway with the embedded store",
    () => [{ STRATA_STORE: `lmdb:${join(temporaryFolder(), "data")}`, ...KEPT }],
  ],
  [
    "Two gateways on a Redis",
    () => {
      const shared = { STRATA_STORE: sharedRedisUrl(), STRATA_CELL: randomUUID(), ...KEPT };
      return [0, 1].map(() => ({ ...shared, STRATA_STATE: temporaryFolder() }));
    },
  ],
];

describe.skipIf(!IS_LONG)("in the long run", () => {
  test.each(RANDOM_KILLS)(
    `%s, killed ${KILLS} times at random: each named write is done once`,
    async (_, settingsOf) => {
      const all = settingsOf();
      const gateways: KilledGateway[] = [];
      for (const settings of all) gateways.push(await startToKill(settings));
      const done: string[] = [];
      let isOver = false;
      const client = async (number: number): Promise<void> => {
        for (let n = 0; !isOver; n++) {
          const name = `${number}-${n}`;
          for (let attempt = number; ; attempt++) {
            const answer = await write(
              gateways[attempt % gateways.length] as Gateway,
              name,
              1_000 + n * CLIENTS + number,
            );
            if (answer?.status === 200) break;
            await delay(20);
          }
          done.push(name);
        }
      };
      const clients = Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
      for (let kill = 0; kill < KILLS; kill++) {
        const before = done.length;
        await until("writes are done", () => done.length > before, 60_000);
        await delay(Math.random() * 200);
        const at = kill % gateways.length;
        await gateways[at]?.kill();
        gateways[at] = await startToKill(all[at] as Settings);
      }
      isOver = true;
      await clients;
      const written = notes(await historyOf(gateways[0] as Gateway)).filter((note) => note?.includes("-"));
      expect(written.toSorted()).toEqual(done.toSorted());
      for (const gateway of gateways) await gateway.kill();
    },
    3_600_000,
  );
});
