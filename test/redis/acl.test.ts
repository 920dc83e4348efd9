import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { openRedisReads } from "../../src/store/redis/redis-open-reads.js";
import { openRedisStore } from "../../src/store/redis/redis-store.js";
import { parseRedisUrl } from "../../src/store/redis/redis-url.js";
import type { StoreNotice } from "../../src/store/store-notice.js";
import { accountCommit, documentCommit, documentKey, versionOf } from "../store/store-contract.js";
import { redisCommand } from "./redis-command.js";
import { RedisServer } from "./redis-server.js";
import { until } from "./until.js";

const PAGE = readFileSync(new URL("../../docs/redis.md", import.meta.url), "utf8");
const [, RULES = ""] = /this one needs `([^`]+)`/.exec(PAGE) ?? [];

test("a user with the rules of docs/redis.md can do all that a gateway does, and nothing else", async () => {
  const server = await RedisServer.start();
  try {
    const cell = "main";
    const rules = RULES.replaceAll(/\s+/g, " ").replace("<cell>", cell).split(" ");
    expect(rules.length).toBeGreaterThan(5);
    await redisCommand(server.url, "ACL", "SETUSER", "gateway", "on", ">secret", ...rules);
    const target = parseRedisUrl(server.url.replace("redis://", "redis://gateway:secret@"));
    const notices: StoreNotice[] = [];
    const store = await openRedisStore({ target, cell, onNotice: (notice) => notices.push(notice) });
    const reads = await openRedisReads({ target, cell });
    try {
      expect(store.writeObstacle()).toBeUndefined();
      expect(await store.probeWrites()).toBeUndefined();
      versionOf(await store.commit(accountCommit("root", undefined)));
      const key = documentKey("root", "x");
      versionOf(await store.commit(documentCommit(key, { v: 1 })));
      const now = new Date().toISOString();
      expect(await store.layersAt([key], now, now)).toMatchObject({ configs: [{ outcome: "kept" }] });
      expect((await store.layers([key], "blame")).configs[0]?.documents[0]?.override).toEqual({ v: 1 });
      expect((await store.history({ key, limit: 9, bytes: 9_999 })).revisions).toHaveLength(1);
      expect(await store.documentOwners({ configId: "x", limit: 9 })).toMatchObject({ accountIds: ["root"] });
      expect(await store.pastChanges(undefined, 9)).toHaveLength(2);
      expect((await store.changes(0, 9)).changes).toHaveLength(2);
      expect(await store.versions({ accounts: ["root"], documents: [key] })).toMatchObject({ sequence: 2 });
      expect(await store.lineages(["root"])).toMatchObject({ lineages: [[{ id: "root" }]] });
      expect(await reads.rootId()).toBe("root");
      let told = 0;
      const leave = store.follow(() => told++);
      await until("followers are told", async () => told > 0);
      versionOf(await store.commit(documentCommit(documentKey("root", "y"), { v: 1 })));
      await until("followers are told of a commit", async () => told > 1);
      leave();
      expect(notices.filter(({ level }) => level !== "info")).toEqual([]);
    } finally {
      await reads.close();
      await store.close();
    }
    const foreign = redisCommand(
      server.url.replace("redis://", "redis://gateway:secret@"),
      "GET",
      "{other}:meta",
    );
    await expect(foreign).rejects.toThrow(/NOPERM|permissions/);
  } finally {
    await server.stop();
  }
});
