import { describe, expect, onTestFinished, test } from "vitest";
import { OPEN_PRINCIPAL } from "../../../src/auth/principal.js";
import type { ConfigChange } from "../../../src/service/live/config-change.js";
import { cursorOf, positionIn, schemaMark } from "../../../src/service/store-cursor.js";
import { alteredStore } from "../../store/altered-store.js";
import { written } from "../services.js";
import { type Follower, until } from "./follower.js";
import { LiveGround, SCHEMAS } from "./live-ground.js";

const PAUSE_MS = 60;
const pause = (milliseconds = PAUSE_MS) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What a message says, but for the moment of it. */
function gist({ cursor, snapshot, reset, config, changes, movedLayers }: ConfigChange) {
  const { etag, config: of } = config ?? {};
  return { cursor, snapshot, reset, etag, id: of?.configId, changes, movedLayers };
}

const changesOf = ({ told }: Follower) => told.filter(({ snapshot, bookmark }) => !snapshot && !bookmark);
const has = (follower: Follower, count: number) =>
  until(() => changesOf(follower).length >= count, `${count} changes`);

/** Writes that acme sees, each, one by one, on every layer. */
async function visibleWrites({ services }: LiveGround, count: number): Promise<void> {
  for (let number = 0; number < count; number++) {
    const layer = ["acme", "east", undefined][number % 3];
    const pointer = layer === "acme" ? "a" : "b";
    const value = pointer === "a" ? 100 + number : { [layer === "east" ? "c" : "d"]: number };
    written(await services.patch(layer, number % 2 === 0 ? "one" : "two", { [pointer]: value }));
  }
}

describe("a subscriber of an account's configs", () => {
  test("gets one snapshot for each config first, and after that each change once, in the order of the commits", async () => {
    const ground = await LiveGround.open();
    const follower = await ground.follow("acme");
    await visibleWrites(ground, 60);
    await has(follower, 60);
    await pause();
    const [first, second, ...rest] = follower.told;
    expect([first?.snapshot, second?.snapshot]).toEqual([true, true]);
    expect([first?.configId, second?.configId]).toEqual(["one", "two"]);
    expect(rest.map(({ movedLayers }) => movedLayers.join())).toEqual(
      rest.map((_, number) => ["ACCOUNT", "RESELLER", "SYSTEM"][number % 3]),
    );
    expect(rest.map(({ changes }) => changes.map(({ after }) => after))).toEqual(
      rest.map((_, number) => [number % 3 === 0 ? 100 + number : number]),
    );
  });

  test("is told of concurrent commits one by one: no message holds a part of one, or two of them", async () => {
    const { services, ...ground } = await LiveGround.open();
    const follower = await ground.live.subscribe({
      principal: OPEN_PRINCIPAL,
      accountId: "acme",
      configIds: ["one"],
    });
    await follower.next();
    const writes = Array.from({ length: 40 }, (_, number) =>
      services.patch(number % 2 === 0 ? "east" : undefined, "one", { b: { c: number, d: number } }),
    );
    await Promise.all(writes);
    const seen: unknown[] = [];
    // Both fields of a commit come together, whichever layer is in force.
    for (let number = 0; number < 40; number++) {
      const { value } = await follower.next();
      seen.push((value as ConfigChange).cursor);
      const { b } = ((value as ConfigChange).config?.config.values ?? {}) as { b: { c: number; d: number } };
      expect(b.c).toBe(b.d);
    }
    expect(new Set(seen).size).toBe(40);
    await follower.return?.();
  });

  test("resumes from the cursor of any message with exactly the messages that came after it", async () => {
    const ground = await LiveGround.open();
    const follower = await ground.follow("acme");
    await visibleWrites(ground, 24);
    await has(follower, 24);
    const told = follower.told.map(gist);
    for (const [index, { cursor }] of told.entries()) {
      const expected = told.slice(index + 1);
      const resumed = await ground.live.subscribe({
        principal: OPEN_PRINCIPAL,
        accountId: "acme",
        since: cursor,
      });
      for (const [number, message] of expected.entries()) {
        const { value } = await resumed.next();
        // What had no first state yet has it as of now: what came meanwhile is in it.
        if (index === 0 && number >= 0 && message.snapshot) continue;
        if (index === 0) break;
        expect(gist(value as ConfigChange)).toEqual(message);
      }
      await resumed.return?.();
    }
  });

  test("resumes from the cursor of a config that was read", async () => {
    const ground = await LiveGround.open();
    const { services } = ground;
    await visibleWrites(ground, 3);
    const { position } = await services.read("acme", "one");
    const cursor = cursorOf({ ...position, schema: schemaMark(services.configs.schemaDigest) });
    written(await services.patch("acme", "one", { a: 7 }));
    written(await services.patch("acme", "one", { a: 8 }));
    const resumed = await ground.live.subscribe({
      principal: OPEN_PRINCIPAL,
      accountId: "acme",
      configIds: ["one"],
      since: cursor,
    });
    const both = [await resumed.next(), await resumed.next()].map(({ value }) => value as ConfigChange);
    expect(both.map(({ snapshot, changes }) => [snapshot, changes[0]?.after])).toEqual([
      [false, 7],
      [false, 8],
    ]);
    await resumed.return?.();
  });

  test("is told nothing when nothing that the account sees has moved", async () => {
    const ground = await LiveGround.open();
    const { services } = ground;
    const follower = await ground.follow("acme");
    await until(() => follower.told.length === 2);
    written(await services.patch(undefined, "one", { hidden: 5 }));
    written(await services.patch("bolt", "one", { a: 5 }));
    written(await services.patch("west", "two", { a: 5 }));
    await services.accounts.update(OPEN_PRINCIPAL, { id: "east", name: "East again" });
    await services.accounts.update(OPEN_PRINCIPAL, { id: "core", parentId: "root" });
    await services.tree(["new", "acme"]);
    written(await services.patch("acme", "two", { a: 9 }));
    await has(follower, 1);
    await pause();
    expect(changesOf(follower).map(({ configId }) => configId)).toEqual(["two"]);
  });

  test("is told of a move, of a reseller flag, and of the new reseller's writes, but not of the old one's", async () => {
    const ground = await LiveGround.open();
    const { services } = ground;
    written(await services.patch("east", "one", { a: 2 }));
    written(await services.patch("west", "one", { a: 3 }));
    const follower = await ground.follow("acme", { configIds: ["one"] });
    await until(() => follower.told.length === 1);
    await services.accounts.update(OPEN_PRINCIPAL, { id: "acme", parentId: "core" });
    await has(follower, 1);
    written(await services.patch("east", "one", { a: 4 }));
    written(await services.patch("west", "one", { a: 5 }));
    await services.accounts.update(OPEN_PRINCIPAL, { id: "west", isReseller: false });
    await has(follower, 3);
    await pause();
    expect(changesOf(follower).map(({ changes, movedLayers }) => [movedLayers, changes[0]?.after])).toEqual([
      [["RESELLER"], 3],
      [["RESELLER"], 5],
      [["RESELLER"], 1],
    ]);
  });

  test("is told of a constraint that binds the account, live and from a cursor, with what it keeps out of force", async () => {
    const ground = await LiveGround.open();
    const { services } = ground;
    written(await services.patch("acme", "one", { a: 7 }));
    const follower = await ground.follow("acme", { configIds: ["one"] });
    await until(() => follower.told.length === 1);
    const set = [{ pointer: "/a", kind: "LOCK" as const, reason: "one for all" }];
    written(await services.write(undefined, "one", { kind: "CONSTRAIN", set, remove: [] }));
    await has(follower, 1);
    const { cursor } = follower;
    await follower.cut();
    written(await services.write(undefined, "one", { kind: "CONSTRAIN", set: [], remove: ["/a"] }));
    await follower.start();
    await has(follower, 2);
    expect(follower.cursor).not.toBe(cursor);
    expect(changesOf(follower).map(({ movedLayers, changes }) => [movedLayers, changes[0]?.after])).toEqual([
      [["SYSTEM"], 1],
      [["SYSTEM"], 7],
    ]);
  });

  test("goes on after 10,000 writes that it could not see, though histories keep 10 revisions", async () => {
    const writes = process.env.STRATA_TEST_LONG === "1" ? 10_000 : 1_500;
    const ground = await LiveGround.open({ historyRevisions: 10 });
    const { services } = ground;
    const marked = await ground.follow("acme", { bookmarks: true });
    const plain = await ground.follow("acme");
    await until(() => marked.told.length === 2 && plain.told.length === 2);
    for (let number = 0; number < writes; number += 10)
      await Promise.all(
        Array.from({ length: 10 }, (_, more) => services.patch(undefined, "one", { hidden: number + more })),
      );
    const bookmarks = () => marked.told.filter(({ bookmark }) => bookmark);
    await until(() => bookmarks().length > writes / 1_000, "bookmarks");
    await Promise.all([marked.cut(), plain.cut()]);
    written(await services.patch("acme", "one", { a: 6 }));
    await Promise.all([marked.start(), plain.start()]);
    for (const follower of [marked, plain]) {
      await has(follower, 1);
      expect(follower.resets).toBe(0);
      expect(changesOf(follower).map(({ changes }) => changes[0]?.after)).toEqual([6]);
    }
    expect(marked.told.filter(({ bookmark }) => !bookmark)).toHaveLength(3);
  });

  test("goes on at another gateway from a bookmark, which comes within a second of an invisible write", async () => {
    const ground = await LiveGround.open({ historyRevisions: 10 });
    const { services } = ground;
    const marked = await ground.follow("acme", { bookmarks: true });
    for (let number = 0; number < 40; number++)
      written(await services.patch(undefined, "one", { hidden: number }));
    // One of now: where the writes took longer, the first bookmark is from among them, and too old.
    const told = marked.told.length;
    written(await services.patch(undefined, "one", { hidden: 40 }));
    await until(() => marked.told.slice(told).some(({ bookmark }) => bookmark));
    await marked.cut();
    marked.live = ground.otherGateway();
    await marked.start();
    written(await services.patch("acme", "one", { a: 6 }));
    await has(marked, 1);
    expect(marked.resets).toBe(0);
  });
});

describe("what cannot be resumed begins again with a reset, never silently", () => {
  async function resetsAfter(ground: LiveGround, meanwhile: () => Promise<unknown>) {
    const follower = await ground.follow("acme");
    await until(() => follower.told.length === 2);
    await follower.cut();
    await meanwhile();
    await follower.start();
    await until(() => follower.resets > 0, "a reset");
    await pause();
    expect(follower.told.slice(2).every(({ snapshot, changes }) => snapshot && changes.length === 0)).toBe(
      true,
    );
    for (const [configId, { etag }] of follower.folded)
      expect((await ground.services.read("acme", configId)).etag).toBe(etag);
    return follower.told.slice(2).map(({ configId }) => configId);
  }

  test("where the history of a document was trimmed; its other configs go on", async () => {
    const ground = await LiveGround.open({ historyRevisions: 10 });
    const found = await resetsAfter(ground, async () => {
      for (let number = 0; number < 30; number++)
        written(await ground.services.patch("acme", "one", { a: 5 + number }));
    });
    expect(found).toEqual(["one"]);
  });

  test("where the account moved to another reseller meanwhile", async () => {
    const ground = await LiveGround.open();
    const { accounts } = ground.services;
    expect(
      await resetsAfter(ground, async () => {
        await accounts.update(OPEN_PRINCIPAL, { id: "acme", parentId: "west" });
        await accounts.update(OPEN_PRINCIPAL, { id: "acme", parentId: "east" });
      }),
    ).toEqual(["one", "two"]);
  });

  test("where the account was deleted and another one has its id", async () => {
    const ground = await LiveGround.open();
    const { accounts } = ground.services;
    expect(
      await resetsAfter(ground, async () => {
        await accounts.delete(OPEN_PRINCIPAL, "acme");
        await ground.services.tree(["acme", "east"]);
      }),
    ).toEqual(["one", "two"]);
  });

  test.each(["incarnation", "schema", "commit", "sequence"] as const)(
    "where the cursor is of another %s",
    async (part) => {
      const ground = await LiveGround.open();
      const { services } = ground;
      written(await services.patch("acme", "one", { a: 5 }));
      const { position } = await services.read("acme", "one");
      const cursor = { ...position, schema: schemaMark(services.configs.schemaDigest), commit: undefined };
      const other = part === "sequence" ? position.sequence + 1 : "another";
      const resumed = await ground.live.subscribe({
        principal: OPEN_PRINCIPAL,
        accountId: "acme",
        since: cursorOf({ ...cursor, [part]: other }),
      });
      const both = [await resumed.next(), await resumed.next()].map(({ value }) => value as ConfigChange);
      expect(both.map(({ reset, snapshot }) => [reset, snapshot])).toEqual([
        [true, true],
        [true, true],
      ]);
      await resumed.return?.();
    },
  );

  test("where the cursor is of a commit that is not the one of its sequence, though others came after it", async () => {
    const ground = await LiveGround.open();
    const follower = await ground.follow("acme", { configIds: ["one"] });
    written(await ground.services.patch("acme", "one", { a: 5 }));
    await has(follower, 1);
    await follower.cut();
    written(await ground.services.patch("acme", "one", { a: 6 }));
    follower.cursor = cursorOf({ ...positionIn(follower.cursor ?? "", ""), commit: "another" });
    await follower.start();
    await until(() => follower.told.length > 2);
    expect(follower.told[2]).toMatchObject({ reset: true, snapshot: true });
  });
});

describe("another schema folder", () => {
  const without = (name: string) =>
    Object.fromEntries(Object.entries(SCHEMAS).filter(([file]) => !file.endsWith(name)));

  test("is told as a change of the SCHEMA layer, of those configs alone that are seen otherwise now", async () => {
    const ground = await LiveGround.open();
    written(await ground.services.patch(undefined, "one", { hidden: 5 }));
    const follower = await ground.follow("acme");
    await until(() => follower.told.length === 2);
    const { properties } = SCHEMAS["system_config.one"];
    ground.changeSchemas({
      ...SCHEMAS,
      "account_config.one": { type: "object", properties },
      "system_config.one": {
        type: "object",
        properties: { ...properties, a: { type: "integer", default: 4 } },
      },
    });
    await has(follower, 1);
    written(await ground.services.patch(undefined, "one", { hidden: 6 }));
    await has(follower, 2);
    await pause();
    expect(
      changesOf(follower).map(({ configId, movedLayers, changes }) => [configId, movedLayers, changes]),
    ).toMatchObject([
      [
        "one",
        ["SCHEMA"],
        [
          { pointer: "/a", after: 4 },
          { pointer: "/hidden", after: 5 },
        ],
      ],
      ["one", ["SYSTEM"], [{ pointer: "/hidden", before: 5, after: 6 }]],
    ]);
    const { cursor } = follower;
    await follower.cut();
    await follower.start();
    await pause();
    expect([follower.resets, follower.cursor]).toEqual([0, cursor]);
  });

  test("ends the streams of a config that is no more where it was named; where all are wanted it brings new ones", async () => {
    const ground = await LiveGround.open();
    const [named, all] = await Promise.all([
      ground.follow("acme", { configIds: ["one"] }),
      ground.follow("acme"),
    ]);
    await until(() => all.told.length === 2);
    ground.changeSchemas({
      ...without(".one"),
      "account_config.three": { type: "object", properties: { a: {} } },
    });
    await until(() => named.error !== undefined && all.told.length > 2);
    expect(named.error).toMatchObject({ code: "CONFIG_NOT_FOUND" });
    expect(all.told[2]).toMatchObject({ configId: "three", snapshot: true, reset: false });
    written(await ground.services.patch("acme", "two", { a: 5 }));
    written(await ground.services.patch("acme", "three", { a: 5 }));
    await has(all, 2);
    expect(changesOf(all).map(({ configId }) => configId)).toEqual(["two", "three"]);
  });
});

describe("a stream ends", () => {
  test("with ACCOUNT_NOT_FOUND when the account is deleted, or leaves the caller's reach", async () => {
    const ground = await LiveGround.open();
    const { accounts } = ground.services;
    const [deleted, moved, above] = await Promise.all([
      ground.follow("bolt"),
      ground.follow("acme", {}, ground.callerOf("east")),
      ground.follow("acme", {}, ground.callerOf("root")),
    ]);
    await accounts.delete(OPEN_PRINCIPAL, "bolt");
    await accounts.update(OPEN_PRINCIPAL, { id: "acme", parentId: "west" });
    await until(() => deleted.error !== undefined && moved.error !== undefined);
    expect([deleted.error, moved.error]).toMatchObject([
      { code: "ACCOUNT_NOT_FOUND" },
      { code: "ACCOUNT_NOT_FOUND" },
    ]);
    expect(changesOf(moved)).toEqual([]);
    await has(above, 2);
    expect(above.error).toBeUndefined();
  });

  test("also when the move out of reach changed nothing that the account sees", async () => {
    const ground = await LiveGround.open();
    await ground.services.tree(["below", "bolt"]);
    const follower = await ground.follow("below", {}, ground.callerOf("bolt"));
    await ground.services.accounts.update(OPEN_PRINCIPAL, { id: "below", parentId: "east" });
    await until(() => follower.error !== undefined);
    expect(follower.error).toMatchObject({ code: "ACCOUNT_NOT_FOUND" });
  });

  test("without an error when the service closes, or the caller's signal says so", async () => {
    const ground = await LiveGround.open();
    const signal = new AbortController();
    const streams = await Promise.all(
      [undefined, signal.signal].map((each) =>
        ground.live.subscribe({ principal: OPEN_PRINCIPAL, accountId: "acme", signal: each }),
      ),
    );
    const ends = streams.map(async (stream) => {
      let count = 0;
      for await (const _ of stream) count++;
      return count;
    });
    await pause();
    signal.abort();
    expect(await ends[1]).toBe(2);
    ground.live.close();
    expect(await ends[0]).toBe(2);
  });
});

describe("a gateway", () => {
  test("reads nothing from the store while nothing is written, however many subscribe", async () => {
    let reads = 0;
    const ground = await LiveGround.open(
      {},
      {
        alter: (store) => {
          const counted = <T>(answer: T): T => {
            reads++;
            return answer;
          };
          return alteredStore(store, {
            layers: (targets, bodies) => counted(store.layers(targets, bodies)),
            lineages: (ids) => counted(store.lineages(ids)),
            changes: (after, limit) => counted(store.changes(after, limit)),
            versions: (of) => counted(store.versions(of)),
            history: (of) => counted(store.history(of)),
          });
        },
      },
    );
    const followers = await Promise.all(Array.from({ length: 50 }, () => ground.follow("acme")));
    await until(() => followers.every(({ told }) => told.length === 2));
    await pause();
    const before = reads;
    await pause(500);
    expect(reads).toBe(before);
    written(await ground.services.patch("acme", "one", { a: 5 }));
    await Promise.all(followers.map((follower) => has(follower, 1)));
    // The write itself has read its layers; the feed and one history are read once for all.
    expect(reads - before).toBeLessThan(10);
  });

  test("keeps no more than the newest state of each config for a subscriber that does not read, who converges later", async () => {
    const ground = await LiveGround.open();
    const { services } = ground;
    const stuck = await ground.live.subscribe({ principal: OPEN_PRINCIPAL, accountId: "acme" });
    const first = [await stuck.next(), await stuck.next()].map(({ value }) => value as ConfigChange);
    const texts = "x".repeat(20_000);
    for (let number = 0; number < 200; number++)
      written(
        await services.patch("acme", number % 2 === 0 ? "one" : "two", { b: { c: `${texts}${number}` } }),
      );
    written(await services.patch(undefined, "one", { b: { d: 1 } }));
    const follower = ground.live.subscribe({ principal: OPEN_PRINCIPAL, accountId: "acme" });
    await (await follower).return?.();
    const told: ConfigChange[] = [];
    const last = await services.read("acme", "one");
    const waiting = (stuck as unknown as { size: number }).size;
    expect(waiting).toBeLessThan(60);
    for (let number = 0; number < waiting; number++) told.push((await stuck.next()).value as ConfigChange);
    expect(told.findLast(({ config }) => config?.config.configId === "one")?.config?.etag).toBe(last.etag);
    // From the last state that was delivered.
    const fold = new Map<string, unknown>();
    for (const { changes, config } of told)
      for (const { pointer, before, after } of changes) {
        const name = `${config?.config.configId}${pointer}`;
        if (fold.has(name)) expect(before).toEqual(fold.get(name));
        fold.set(name, after);
      }
    expect(fold.get("one/b/c")).toBe(`${texts}198`);
    expect(fold.get("two/b/c")).toBe(`${texts}199`);
    expect(first).toHaveLength(2);
    await stuck.return?.();
  });

  test.each(["east", undefined])(
    "keeps little for a subscriber that does not read, however large the documents are that others write (%s)",
    async (layer) => {
      const { services, live } = await LiveGround.open();
      const stuck = await live.subscribe({
        principal: OPEN_PRINCIPAL,
        accountId: "acme",
        configIds: ["one"],
      });
      await stuck.next();
      const text = "x".repeat(200_000);
      written(await services.patch("acme", "one", { a: 7 }));
      for (let number = 0; number < 40; number++)
        written(await services.patch(layer, "one", { b: { c: `${text}${number}` } }));
      const newest = (await services.read("acme", "one")).etag;
      const told: ConfigChange[] = [];
      while (told.at(-1)?.config?.etag !== newest) told.push((await stuck.next()).value as ConfigChange);
      expect(told.length).toBeLessThan(10);
      expect(told[0]?.movedLayers).toEqual(["ACCOUNT", layer === undefined ? "SYSTEM" : "RESELLER"]);
      await stuck.return?.();
    },
  );

  test("tells its metrics of subscribers, messages, resumes and lag", async () => {
    const heard: unknown[] = [];
    const ground = await LiveGround.open(
      {},
      {
        notices: {
          subscribers: (count) => heard.push(["subscribers", count]),
          message: (kind) => heard.push(kind),
          resumed: (outcome) => heard.push(outcome),
          lag: (seconds) => heard.push(["lag", seconds >= 0]),
        },
      },
    );
    const follower = await ground.follow("acme", { configIds: ["one"] });
    written(await ground.services.patch("acme", "one", { a: 5 }));
    await has(follower, 1);
    await follower.cut();
    await follower.start();
    await follower.cut();
    written(await ground.services.patch("acme", "one", { a: 6 }));
    await follower.start();
    await has(follower, 2);
    onTestFinished(() => follower.cut());
    expect(heard).toEqual([
      ...[["subscribers", 1], "snapshot", "change", ["lag", true], ["subscribers", 0]],
      ...[["subscribers", 1], "nothing missed", ["subscribers", 0]],
      ...[["subscribers", 1], "replayed", "change"],
    ]);
  });
});
