import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { OPEN_PRINCIPAL } from "../../../src/auth/principal.js";
import { heapMebibytes } from "../../heap.js";
import { alteredStore } from "../../store/altered-store.js";
import { written } from "../services.js";
import { Follower, until } from "./follower.js";
import { Gate } from "./gate.js";
import { LiveGround, SCHEMAS } from "./live-ground.js";

const changesOf = ({ told }: Follower) => told.filter(({ snapshot, bookmark }) => !snapshot && !bookmark);
const values = (follower: Follower) => changesOf(follower).map(({ changes }) => changes[0]?.after);

/** A ground whose replays hear of each page of a history, and wait while the gate is closed. */
async function openGated(onPage: () => void = () => {}, kept = {}) {
  const gate = new Gate();
  let reading = 0;
  const ground = await LiveGround.open(kept, {
    alter: (store) =>
      alteredStore(store, {
        history: async (of) => {
          // Commits that are told as they come are read by their number.
          if (of.limit < 100) return store.history(of);
          onPage();
          reading++;
          const found = await gate.through(store.history(of));
          reading--;
          return found;
        },
      }),
  });
  return { gate, ground, services: ground.services, reading: () => reading };
}

/** Somebody who was told the first state of acme's one, and is cut off. */
async function cutOff(ground: LiveGround): Promise<Follower> {
  const follower = await ground.follow("acme", { configIds: ["one"] });
  await until(() => follower.told.length === 1);
  await follower.cut();
  return follower;
}

test("whoever leaves while what it missed is being read is told nothing, and holds up nobody", async () => {
  const { gate, ground, services } = await openGated();
  const follower = await cutOff(ground);
  written(await services.patch("acme", "one", { a: 5 }));
  gate.close();
  const held = gate.held();
  const leaving = new AbortController();
  const { cursor: since, accountId } = follower;
  const wanted = { principal: OPEN_PRINCIPAL, accountId, configIds: ["one"], since };
  const missed = ground.live.subscribe({ ...wanted, signal: leaving.signal });
  await held;
  leaving.abort();
  const other = await ground.follow("bolt", { configIds: ["one"] });
  await until(() => other.told.length === 1);
  gate.open();
  expect(await (await missed).next()).toEqual({ done: true, value: undefined });
  await follower.start();
  await until(() => values(follower).length === 1);
  expect(values(follower)).toEqual([5]);
});

test("what is committed while a replay is looked for is told after it, once", async () => {
  const { gate, ground, services } = await openGated();
  const follower = await cutOff(ground);
  const standing = await ground.follow("acme", { configIds: ["one"] });
  for (const a of [5, 6]) written(await services.patch("acme", "one", { a }));
  gate.close();
  const held = gate.held();
  const joining = follower.start();
  await held;
  for (const a of [7, 8]) written(await services.patch("acme", "one", { a }));
  // As the gateway has told of them, they wait for whoever is joining.
  await until(() => values(standing).length === 4);
  gate.open();
  await joining;
  await until(() => values(follower).length >= 4);
  written(await services.patch("acme", "one", { a: 9 }));
  await until(() => values(follower).includes(9));
  expect(values(follower)).toEqual([5, 6, 7, 8, 9]);
});

describe("while a replay is looked for", () => {
  type Ground = Awaited<ReturnType<typeof openGated>>;

  /** Somebody comes back who has missed a write; meanwhile something happens. */
  async function during(meanwhile: (given: Ground & { follower: Follower }) => Promise<unknown>) {
    const given = await openGated();
    const { gate, ground, services } = given;
    const follower = new Follower(
      ground.live,
      { accountId: "acme", configIds: ["one"] },
      ground.callerOf("east"),
    );
    await follower.start();
    await until(() => follower.told.length === 1);
    await follower.cut();
    written(await services.patch("acme", "one", { a: 5 }));
    gate.close();
    const held = gate.held();
    const joining = follower.start();
    await held;
    await meanwhile({ ...given, follower });
    // Time enough for the gateway to hear of it.
    await new Promise((resolve) => setTimeout(resolve, 100));
    gate.open();
    await joining;
    return { ...given, follower };
  }

  test.each<[string, string, (given: Ground) => Promise<unknown>]>([
    [
      "the account leaves the caller's reach",
      "ACCOUNT_NOT_FOUND",
      ({ services }) => services.accounts.update(OPEN_PRINCIPAL, { id: "acme", parentId: "west" }),
    ],
    [
      "the account is deleted",
      "ACCOUNT_NOT_FOUND",
      ({ services }) => services.accounts.delete(OPEN_PRINCIPAL, "acme"),
    ],
    [
      "the account is deleted, and another one gets its id",
      "ACCOUNT_NOT_FOUND",
      async ({ services }) => {
        await services.accounts.delete(OPEN_PRINCIPAL, "acme");
        await services.tree(["acme", "east"]);
        written(await services.patch("acme", "one", { a: 666 }));
      },
    ],
    [
      "the config goes with another schema folder",
      "CONFIG_NOT_FOUND",
      async ({ ground }) => {
        const { "account_config.one": _, "system_config.one": __, ...others } = SCHEMAS;
        ground.changeSchemas(others);
      },
    ],
  ])("and %s, the stream ends and tells no more", async (_, code, meanwhile) => {
    const { follower } = await during(meanwhile);
    await until(() => follower.error !== undefined);
    expect(follower.error).toMatchObject({ code });
    expect(values(follower)).toEqual([]);
  });

  test("and the account gets another reseller, that is told after it", async () => {
    const { follower } = await during(async ({ services }) => {
      written(await services.patch("root", "one", { b: { c: 3 } }));
      await services.accounts.update(OPEN_PRINCIPAL, { id: "east", isReseller: false });
    });
    await until(() => values(follower).length === 2);
    expect(changesOf(follower).map(({ movedLayers }) => movedLayers)).toEqual([["ACCOUNT"], ["RESELLER"]]);
    expect(follower.resets).toBe(0);
  });

  test("and a new schema folder is taken, that is told after it", async () => {
    const { follower, services } = await during(async ({ ground }) => {
      const { properties } = SCHEMAS["system_config.one"];
      const seen = { type: "object", properties: { ...properties, b: { default: { c: 7 } } } };
      ground.changeSchemas({ ...SCHEMAS, "system_config.one": seen });
    });
    await until(() => values(follower).length === 2);
    expect(changesOf(follower).map(({ movedLayers }) => movedLayers)).toEqual([["ACCOUNT"], ["SCHEMA"]]);
    expect(follower.folded.get("one")?.etag).toBe((await services.read("acme", "one")).etag);
  });
});

test("a replay tells nothing of what nobody could see, also where the histories have all of it", async () => {
  const ground = await LiveGround.open();
  const { services } = ground;
  const follower = await cutOff(ground);
  for (const hidden of [1, 2]) written(await services.patch(undefined, "one", { hidden }));
  written(await services.patch("acme", "one", { a: 5 }));
  written(await services.patch(undefined, "one", { hidden: 3 }));
  await follower.start();
  written(await services.patch("acme", "one", { a: 6 }));
  await until(() => values(follower).includes(6));
  expect(values(follower)).toEqual([5, 6]);
});

test("of a long history a replay holds some MiB, leaves others their turn, and tells what it comes to", async () => {
  const writes = 100;
  let [turns, isWatching, base, most] = [0, false, 0, 0];
  const { ground, services } = await openGated(
    () => {
      if (isWatching) most = Math.max(most, heapMebibytes() - base);
    },
    { historyBytes: 64 * 2 ** 20 },
  );
  const follower = await cutOff(ground);
  const text = "x".repeat(200_000);
  for (let number = 0; number < writes; number++)
    written(await services.patch("acme", "one", { a: number, b: { c: `${number} ${text}` } }));
  base = heapMebibytes();
  isWatching = true;
  const watching = (async () => {
    for (; isWatching; turns++) await setImmediate();
  })();
  await follower.start();
  await until(() => changesOf(follower).length > 0);
  isWatching = false;
  await watching;
  // Twenty MiB, in pages of one.
  expect(turns).toBeGreaterThan(10);
  expect(most).toBeLessThan(12);
  expect(follower.resets).toBe(0);
  expect(changesOf(follower)).toHaveLength(1);
  expect(changesOf(follower)[0]?.config?.etag).toBe((await services.read("acme", "one")).etag);
});

test("a few replays are looked for at a time, and the others after them", async () => {
  const { gate, ground, services, reading } = await openGated();
  const followers = await Promise.all(Array.from({ length: 30 }, () => cutOff(ground)));
  written(await services.patch("acme", "one", { a: 5 }));
  gate.close();
  const held = gate.held();
  const joining = followers.map((follower) => follower.start());
  await held;
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(reading()).toBeLessThanOrEqual(8);
  gate.open();
  await Promise.all(joining);
  await until(() => followers.every((follower) => values(follower)[0] === 5));
});

test("nothing is looked for where the subscriber has left while others came first", async () => {
  let pages = 0;
  const { gate, ground, services } = await openGated(() => pages++);
  const { cursor } = await cutOff(ground);
  written(await services.patch("acme", "one", { a: 5 }));
  gate.close();
  const held = gate.held();
  const leaving = new AbortController();
  const joining = Array.from({ length: 30 }, () =>
    ground.live.subscribe({
      principal: OPEN_PRINCIPAL,
      accountId: "acme",
      configIds: ["one"],
      since: cursor,
      signal: leaving.signal,
    }),
  );
  await held;
  await new Promise((resolve) => setTimeout(resolve, 200));
  leaving.abort();
  gate.open();
  await Promise.all(joining);
  expect(pages).toBeLessThanOrEqual(8);
});
