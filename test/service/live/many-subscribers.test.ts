import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { OPEN_PRINCIPAL } from "../../../src/auth/principal.js";
import type { ConfigChange } from "../../../src/service/live/config-change.js";
import { heapMebibytes } from "../../heap.js";
import { SHIPPED_SCHEMAS, written } from "../services.js";
import { LiveGround } from "./live-ground.js";

const isLong = process.env.STRATA_TEST_LONG === "1";
const SUBSCRIBERS = isLong ? 5_000 : 500;

async function openWith(accounts: number, schemas?: string): Promise<{ ground: LiveGround; ids: string[] }> {
  const ground = await LiveGround.open({}, schemas === undefined ? {} : { schemas });
  const ids = Array.from({ length: accounts }, (_, number) => `a${number}`);
  for (let next = 0; next < accounts; next += 250)
    await Promise.all(ids.slice(next, next + 250).map((id) => ground.services.tree([id, "east"])));
  return { ground, ids };
}

function subscribeAll({ live }: LiveGround, ids: readonly string[]) {
  return Promise.all(ids.map((accountId) => live.subscribe({ principal: OPEN_PRINCIPAL, accountId })));
}

test("an idle subscriber of every config takes less than 24 KiB of the heap", async () => {
  const { ground, ids } = await openWith(SUBSCRIBERS, SHIPPED_SCHEMAS);
  const configs = ground.services.configs.accountConfigIds().length;
  const first = await ground.live.subscribe({ principal: OPEN_PRINCIPAL, accountId: "acme" });
  await first.next();
  const before = heapMebibytes();
  const streams = await subscribeAll(ground, ids);
  for (const stream of streams) for (let config = 0; config < configs; config++) await stream.next();
  const waiting = streams.map((stream) => stream.next());
  const each = ((heapMebibytes() - before) * 2 ** 20) / SUBSCRIBERS;
  console.info(`heap of an idle subscriber of ${configs} configs: ${Math.round(each)} bytes`);
  expect(each).toBeLessThan(24 * 1_024);
  ground.live.close();
  await Promise.all(waiting);
});

test("a subscriber that reads nothing under hundreds of writes a second holds no more the longer that lasts, and converges later", async () => {
  const { services, live } = await LiveGround.open();
  const stuck = await live.subscribe({ principal: OPEN_PRINCIPAL, accountId: "acme", configIds: ["one"] });
  await stuck.next();
  const text = "x".repeat(20_000);
  const perSecond = isLong ? 300 : 150;
  let count = 0;
  /** So many writes within a second, or later where the machine is slow. */
  const writeForASecond = async () => {
    const rest = pause(1_000);
    for (let number = 0; number < perSecond; number++)
      written(await services.patch("acme", "one", { b: { c: `${count++} ${text}` } }));
    await rest;
  };
  await writeForASecond();
  const before = heapMebibytes();
  for (let second = 0; second < (isLong ? 60 : 3); second++) await writeForASecond();
  const grown = heapMebibytes() - before;
  console.info(
    `heap after ${count} writes that nobody took: ${grown.toFixed(1)} MiB more than after ${perSecond}`,
  );
  expect(grown).toBeLessThan(6);
  const { etag } = await services.read("acme", "one");
  let last: ConfigChange;
  do last = (await stuck.next()).value as ConfigChange;
  while (last.config?.etag !== etag);
  await stuck.return?.();
}, 600_000);
