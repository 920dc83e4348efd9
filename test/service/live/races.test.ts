import { expect, test } from "vitest";
import { OPEN_PRINCIPAL } from "../../../src/auth/principal.js";
import { StrataError } from "../../../src/domain/errors.js";
import type { ConfigChange } from "../../../src/service/live/config-change.js";
import { alteredStore } from "../../store/altered-store.js";
import { schemaFolder } from "../../temporary-folder.js";
import { written } from "../services.js";
import { type Follower, until } from "./follower.js";
import { Gate } from "./gate.js";
import { LiveGround, SCHEMAS } from "./live-ground.js";

const pause = (milliseconds = 100) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const changesOf = ({ told }: Follower) => told.filter(({ snapshot, bookmark }) => !snapshot && !bookmark);
const values = (follower: Follower) => changesOf(follower).map(({ changes }) => changes[0]?.after);
const has = (follower: Follower, count: number) =>
  until(() => changesOf(follower).length >= count, `${count} changes`);

/** A ground whose gateway hears of commits only while the gate is open. */
async function openGated(kept = {}) {
  const gate = new Gate();
  const ground = await LiveGround.open(kept, {
    alter: (store) =>
      alteredStore(store, { changes: (after, limit) => gate.through(store.changes(after, limit)) }),
  });
  return { gate, ground, services: ground.services, stall: () => stall(ground, gate) };
}

/** The gateway has read the feed up to now, and does not go on before the gate opens. */
async function stall({ services }: LiveGround, feed: Gate): Promise<void> {
  feed.close();
  const held = feed.held();
  written(await services.patch("core", "two", { a: 1 }));
  await held;
}

async function isInForce({ services }: LiveGround, { accountId, folded }: Follower): Promise<boolean> {
  for (const [configId, { etag }] of folded)
    if ((await services.read(accountId, configId)).etag !== etag) return false;
  return true;
}

test("a move and writes to what it brings are told one by one, though they are read from the feed at once", async () => {
  const { gate, ground, services, stall } = await openGated();
  written(await services.patch("west", "one", { a: 3 }));
  const follower = await ground.follow("acme", { configIds: ["one"] });
  await stall();
  await services.accounts.update(OPEN_PRINCIPAL, { id: "acme", parentId: "core" });
  written(await services.patch("west", "one", { a: 5 }));
  written(await services.patch("west", "one", { a: 6 }));
  gate.open();
  await has(follower, 3);
  expect(values(follower)).toEqual([3, 5, 6]);
  expect(await isInForce(ground, follower)).toBe(true);
});

test("a move is told as of its own commit, though somebody has joined who needs the same document as of later", async () => {
  const { gate, ground, services, stall } = await openGated();
  written(await services.patch("west", "one", { a: 3 }));
  const follower = await ground.follow("acme", { configIds: ["one"] });
  await stall();
  await services.accounts.update(OPEN_PRINCIPAL, { id: "acme", parentId: "core" });
  written(await services.patch("west", "one", { a: 5 }));
  const joining = ground.follow("core", { configIds: ["one"] });
  gate.open();
  await has(follower, 2);
  expect(values(follower)).toEqual([3, 5]);
  const joined = await joining;
  await until(() => joined.told.length > 0);
  expect(joined.told[0]?.config?.config.values).toMatchObject({ a: 5 });
});

test("whoever joins while the last other subscriber of the account leaves is let in", async () => {
  const { gate, ground, stall } = await openGated();
  const leaving = await ground.follow("acme");
  await until(() => leaving.told.length === 2);
  await stall();
  const joining = ground.follow("acme");
  await pause();
  await gate.step();
  await leaving.cut();
  gate.open();
  const joined = await joining;
  await until(() => joined.told.length === 2);
});

test("whoever joins while the account is deleted is told that there is none", async () => {
  const gate = new Gate();
  const ground = await LiveGround.open(
    {},
    {
      alter: (store) =>
        alteredStore(store, {
          layers: (targets, bodies) =>
            bodies === "all" ? gate.through(store.layers(targets, bodies)) : store.layers(targets, bodies),
        }),
    },
  );
  await ground.follow("core");
  gate.close();
  const held = gate.held();
  const joining = ground.follow("bolt").catch((error: Error) => error);
  await held;
  await ground.services.accounts.delete(OPEN_PRINCIPAL, "bolt");
  gate.open();
  const joined = await joining;
  const error = () => (joined instanceof Error ? joined : joined.error);
  await until(() => error() !== undefined, "an error", 2_000);
  expect(error()).toMatchObject({ code: "ACCOUNT_NOT_FOUND" });
});

test("the first subscriber of more configs than are read at once misses nothing of the first of them", async () => {
  const schemas = Object.fromEntries(
    Array.from({ length: 300 }, (_, number) => [
      `account_config.c${String(number).padStart(3, "0")}`,
      { type: "object", properties: { a: {} } },
    ]),
  );
  let reads = 0;
  const ground: LiveGround = await LiveGround.open(
    {},
    {
      schemas: schemaFolder(schemas),
      alter: (store) =>
        alteredStore(store, {
          layers: async (targets, bodies) => {
            const found = await store.layers(targets, bodies);
            if (targets.length === 250 && reads++ === 0)
              written(await ground.services.patch("acme", "c000", { a: 5 }));
            return found;
          },
        }),
    },
  );
  const follower = await ground.follow("acme");
  await until(() => follower.told.length >= 300);
  expect(reads).toBe(1);
  await until(() => isInForce(ground, follower), "what is in force", 2_000);
});

test("no bookmark passes what a lost account is still to be told", async () => {
  const [feed, joins] = [new Gate(), new Gate()];
  const ground = await LiveGround.open(
    { historyRevisions: 10 },
    {
      alter: (store) =>
        alteredStore(store, {
          changes: (after, limit) => feed.through(store.changes(after, limit)),
          layers: (targets, bodies) =>
            bodies === "all" ? joins.through(store.layers(targets, bodies)) : store.layers(targets, bodies),
        }),
    },
  );
  const { services } = ground;
  const follower = await ground.follow("acme", { bookmarks: true, configIds: ["one"] });
  await until(() => follower.told.length === 1);
  await stall(ground, feed);
  await services.accounts.update(OPEN_PRINCIPAL, { id: "acme", parentId: "core" });
  for (let number = 0; number < 520; number++) written(await services.patch("west", "one", { a: number }));
  joins.close();
  const joining = joins.held();
  // Nobody knows any more what the new reseller had when the account came: it is read again.
  feed.open();
  await joining;
  await pause(1_500);
  expect(follower.told.filter(({ bookmark }) => bookmark)).toEqual([]);
  joins.open();
  await until(() => follower.resets === 1, "a reset");
  expect(await isInForce(ground, follower)).toBe(true);
});

test("no cursor passes a config of which nothing was told yet, as after a new schema folder", async () => {
  const ground = await LiveGround.open();
  const stream = await ground.live.subscribe({ principal: OPEN_PRINCIPAL, accountId: "acme" });
  await stream.next();
  await stream.next();
  ground.changeSchemas({
    ...SCHEMAS,
    "system_config.one": { type: "object", properties: { a: { type: "integer", default: 4 } } },
    "account_config.three": { type: "object", properties: { a: {} } },
  });
  const [one, three] = [await stream.next(), await stream.next()].map(({ value }) => value as ConfigChange);
  expect([one, three].map((told) => [told?.config?.config.configId, told?.snapshot])).toEqual([
    ["one", false],
    ["three", true],
  ]);
  const resumed = await ground.live.subscribe({
    principal: OPEN_PRINCIPAL,
    accountId: "acme",
    since: one?.cursor,
  });
  const told = (await resumed.next()).value as ConfigChange;
  expect([told.config?.config.configId, told.snapshot]).toEqual(["three", true]);
  await Promise.all([stream.return?.(), resumed.return?.()]);
});

test("what was committed while the feed could not be read is told once it can be", async () => {
  let failures = 0;
  const ground = await LiveGround.open(
    {},
    {
      alter: (store) =>
        alteredStore(store, {
          changes: async (after, limit) => {
            if (failures > 0 && failures-- > 0) throw new StrataError("STORE_UNAVAILABLE", "not now");
            return store.changes(after, limit);
          },
        }),
    },
  );
  const follower = await ground.follow("acme", { configIds: ["one"] });
  await until(() => follower.told.length === 1);
  failures = 3;
  written(await ground.services.patch("acme", "one", { a: 5 }));
  // Nothing else is committed: nobody wakes the gateway.
  await has(follower, 1);
  expect([failures, follower.resets, values(follower)]).toEqual([0, 0, [5]]);
});
