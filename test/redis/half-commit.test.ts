import { readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { exportStore } from "../../src/archive/export-store.js";
import { acceptRedisStore } from "../../src/store/redis/redis-accept.js";
import { openRedisArchiveSource } from "../../src/store/redis/redis-archive-source.js";
import { RedisKeys } from "../../src/store/redis/redis-keys.js";
import { openRedisStore } from "../../src/store/redis/redis-store.js";
import { parseRedisUrl } from "../../src/store/redis/redis-url.js";
import type { Store } from "../../src/store/store.js";
import type { StoreNotice } from "../../src/store/store-notice.js";
import { documentCommit, documentKey, versionOf } from "../store/store-contract.js";
import { storedDocuments } from "../store/stored-documents.js";
import { RedisServer } from "./redis-server.js";
import { until } from "./until.js";

const CELL = "half";
const keys = new RedisKeys(CELL);
const [FIRST, TORN, NEXT] = ["first", "torn", "next"].map((id) => documentKey(undefined, id)) as [
  ReturnType<typeof documentKey>,
  ReturnType<typeof documentKey>,
  ReturnType<typeof documentKey>,
];

/** Where in the text of a commit the kill has come: in its first command, and so on. None of them ends a command. */
const CUTS = ["$6\r\nINCRBY", "$4\r\nXADD", "$5\r\nRPUSH", "$3\r\nSET", "$4\r\nSADD", "$4\r\nEXEC"];

/** A Redis that nobody checks before it starts, and that was killed in the midst of its third commit. */
async function killedAt(cut: string): Promise<RedisServer> {
  const server = await RedisServer.start({}, { isChecked: false });
  onTestFinished(() => server.stop());
  const { store } = await open(server.url);
  for (const v of [1, 2]) versionOf(await store.commit(documentCommit(FIRST, { v })));
  const file = () =>
    join(
      server.folder,
      "appendonlydir",
      String(/\S+\.incr\.aof(?= seq \d+ type i\n?$)/m.exec(manifest(server))?.[0]),
    );
  const begin = readFileSync(file()).length;
  versionOf(await store.commit(documentCommit(TORN, { v: 1 })));
  await store.close();
  await server.kill();
  const text = readFileSync(file());
  truncateSync(file(), text.indexOf(cut, begin) + cut.length - 1);
  await server.restart();
  return server;
}

const manifest = ({ folder }: RedisServer) =>
  readFileSync(join(folder, "appendonlydir", "appendonly.aof.manifest"), "utf8");

async function open(url: string): Promise<{ store: Store; notices: StoreNotice[] }> {
  const notices: StoreNotice[] = [];
  const onNotice = (notice: StoreNotice) => notices.push(notice);
  const store = await openRedisStore({ target: parseRedisUrl(url), cell: CELL, onNotice });
  onTestFinished(() => store.close());
  return { store, notices };
}

/** An export counts every revision, and finds each where it belongs; else it is refused. */
async function exported({ url }: RedisServer): Promise<string> {
  const source = await openRedisArchiveSource({ target: parseRedisUrl(url), cell: CELL });
  const pieces: string[] = [];
  try {
    await exportStore(source, async (text) => void pieces.push(String(text)), { now: () => new Date() });
  } finally {
    await source.close();
  }
  return pieces.join("");
}

test.each(CUTS)(
  "a commit that was torn in %j is gone, whole, although nobody checked Redis's file",
  async (cut) => {
    const server = await killedAt(cut);
    const { store } = await open(server.url);
    await until("writes are taken", async () => (await store.probeWrites()) === undefined);
    for (const v of [1, 2]) versionOf(await store.commit(documentCommit(NEXT, { v })));
    await store.close();
    await server.restart();
    const again = await open(server.url);
    expect(await again.store.probeWrites()).toBeUndefined();
    const documents = await storedDocuments(again.store, [FIRST, TORN, NEXT]);
    expect(documents.map((document) => document?.override)).toEqual([{ v: 2 }, undefined, { v: 2 }]);
    const { changes = [], sequence } = await again.store.changes(0, 10);
    expect(sequence).toBe(4);
    expect(changes.map((change) => change.on === "document" && change.key.configId)).toEqual([
      "first",
      "first",
      "next",
      "next",
    ]);
    expect(await server.command("EXISTS", keys.history(TORN))).toBe(0);
  },
);

test.each(CUTS.slice(1))(
  "a commit that was torn in %j is noticed where Redis could not write its file anew, and accepting mends it",
  { timeout: 60_000 },
  async (cut) => {
    const server = await killedAt(cut);
    await server.command("ACL", "SETUSER", "limited", "on", ">secret", "~*", "&*", "+@all", "-bgrewriteaof");
    const limited = server.url.replace("//", "//limited:secret@");
    const { store, notices } = await open(limited);
    expect(notices).toContainEqual({ level: "warn", message: expect.stringContaining("BGREWRITEAOF") });
    for (const v of [1, 2]) versionOf(await store.commit(documentCommit(NEXT, { v })));
    await store.close();
    await server.restart();

    const torn = await open(server.url);
    expect(torn.store.writeObstacle()).toMatch(/5 commits were begun, and 4 were made.*strata accept/);
    expect(torn.notices).toContainEqual({
      level: "error",
      message: expect.stringContaining("half of a commit"),
    });
    expect(await torn.store.commit(documentCommit(NEXT, {}))).toMatchObject({
      outcome: "notApplied",
      cause: { code: "STORE_UNAVAILABLE" },
    });
    expect(await storedDocuments(torn.store, [FIRST, NEXT])).toMatchObject([
      { override: { v: 2 } },
      { override: { v: 2 } },
    ]);

    await acceptRedisStore({ target: parseRedisUrl(server.url), cell: CELL });
    await until("writes are taken", async () => (await torn.store.probeWrites()) === undefined, 5_000);
    for (const key of [FIRST, TORN, NEXT])
      versionOf(await torn.store.commit(documentCommit(key, { last: 1 })));
    expect(await exported(server)).toContain('{"end"');
  },
);
