import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openRedisStore } from "../../src/store/redis/redis-store.js";
import { parseRedisUrl } from "../../src/store/redis/redis-url.js";
import { strata } from "../archive/strata-process.js";
import { RedisServer } from "../redis/redis-server.js";
import { until } from "../redis/until.js";
import { documentCommit, documentKey } from "../store/store-contract.js";
import { temporaryFolder } from "../temporary-folder.js";

const key = documentKey("a", "x");

test("after a loss gateways stop writing, until an operator accepts what is left", {
  timeout: 60_000,
}, async () => {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const options = {
    target: parseRedisUrl(server.url),
    cell: randomUUID(),
    markFile: join(temporaryFolder(), "mark.json"),
  };
  const before = await openRedisStore(options);
  for (let n = 0; n < 5; n++) await before.commit(documentCommit(key, { n }));
  await before.close();
  // As if a backup from two commits ago had been restored.
  for (const name of ["seq", "begun"]) await server.command("SET", `{${options.cell}}:${name}`, "3");
  const store = await openRedisStore(options);
  onTestFinished(() => store.close());
  expect(store.writeObstacle()).toMatch(/stands at sequence 3, and 5 was acknowledged.*npx strata accept/);
  expect(await store.commit(documentCommit(key, { n: 6 }))).toMatchObject({ outcome: "notApplied" });
  await server.command("XTRIM", `{${options.cell}}:feed`, "MAXLEN", "0");
  await server.command("DEL", `{${options.cell}}:feed`);
  const settings = { STRATA_STORE: server.url, STRATA_CELL: options.cell };
  const { code, errors } = await strata(["accept"], settings);
  expect([code, errors]).toEqual([0, expect.stringMatching(/^Accepted as it is, as incarnation \S+\./)]);
  await until("writes are taken again", () => store.writeObstacle() === undefined, 15_000);
  expect(await store.commit(documentCommit(key, { n: 7 }))).toMatchObject({
    outcome: "done",
    version: { sequence: 4 },
  });
});

test("there is nothing to accept in an embedded store", async () => {
  const { code, errors } = await strata(["accept"], { STRATA_STORE: `lmdb:${temporaryFolder()}` });
  expect([code, errors]).toEqual([2, expect.stringContaining("Only a store in Redis")]);
});

test("a Redis that does not answer is named, its password is not", async () => {
  const { code, errors } = await strata(["accept", "--store", "redis://:hunter2@127.0.0.1:1"]);
  expect(code).toBe(1);
  expect(errors).toMatch(/redis:\/\/127\.0\.0\.1:1 cannot be used/);
  expect(errors).not.toContain("hunter2");
});
