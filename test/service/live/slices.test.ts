import { expect, test } from "vitest";
import { OPEN_PRINCIPAL } from "../../../src/auth/principal.js";
import type { ConfigChange } from "../../../src/service/live/config-change.js";
import { Deliveries } from "../../../src/service/live/deliveries.js";
import { LiveSubscription } from "../../../src/service/live/live-subscription.js";
import { schemasInForce } from "../../../src/service/live/schemas-in-force.js";
import { WatchedConfigs, WatchedDocument } from "../../../src/service/live/watched-configs.js";
import { alteredStore } from "../../store/altered-store.js";
import { written } from "../services.js";
import { addAccounts, followEach, watchTurns } from "./crowd.js";
import { until } from "./follower.js";
import { LiveGround, SCHEMAS } from "./live-ground.js";

const SUBSCRIBERS = 600;
/** A machine ten times as fast would not do more in a slice of a millisecond. */
const MOST_IN_A_TURN = SUBSCRIBERS / 3;

type Update = (ground: LiveGround) => Promise<void>;

const patch = async ({ services }: LiveGround, accountId: string | undefined, a: number): Promise<void> => {
  written(await services.patch(accountId, "one", { a }));
};
const updateEast = ({ services }: LiveGround, input: { parentId?: string; isReseller: boolean }) =>
  services.accounts.update(OPEN_PRINCIPAL, { id: "east", ...input });

test.each<[string, Update]>([
  ["a system write", (ground) => patch(ground, undefined, 9)],
  ["a write to their reseller", (ground) => patch(ground, "east", 9)],
  [
    "a flag, which gives them another reseller",
    async (ground) => {
      await updateEast(ground, { isReseller: false });
    },
  ],
  [
    "a move, which gives them another reseller",
    async (ground) => {
      await updateEast(ground, { parentId: "west", isReseller: false });
    },
  ],
  [
    "a new schema folder",
    async (ground) => {
      const seen = { type: "object", properties: { a: { type: "integer", default: 9 }, b: {} } };
      ground.changeSchemas({ ...SCHEMAS, "system_config.one": seen });
    },
  ],
])(
  "hundreds of subscribers are told of %s in slices, and others are answered between them",
  async (cause, update) => {
    const ground = await LiveGround.open();
    const { services } = ground;
    if (cause.includes("reseller"))
      for (const [place, id] of ["root", "east", "west"].entries()) await patch(ground, id, place + 5);
    const ids = await addAccounts(services, SUBSCRIBERS);
    let told = 0;
    let toldAtRead = SUBSCRIBERS;
    await followEach([ground], ids, () => {
      told++;
      if (told > 1) return;
      void services.read("a0", "two").then(() => {
        toldAtRead = told;
      });
    });
    const most = watchTurns(() => told);
    await update(ground);
    await until(() => told >= SUBSCRIBERS, "a message for each");
    expect(most()).toBeLessThan(MOST_IN_A_TURN);
    expect(told).toBe(SUBSCRIBERS);
    expect(toldAtRead, "a read that begins at the first message ends before most of the others").toBeLessThan(
      SUBSCRIBERS / 2,
    );
  },
);

test("hundreds of subscribers who begin again do so in slices", async () => {
  let isLost = false;
  const ground = await LiveGround.open(
    {},
    {
      alter: (store) =>
        alteredStore(store, {
          changes: async (after, limit) => {
            const found = await store.changes(after, limit);
            const isNow = isLost;
            isLost = false;
            return isNow ? { ...found, changes: undefined } : found;
          },
        }),
    },
  );
  const ids = await addAccounts(ground.services, SUBSCRIBERS);
  let resets = 0;
  await followEach([ground], ids, (_, { reset }) => {
    if (reset) resets++;
  });
  const most = watchTurns(() => resets);
  isLost = true;
  written(await ground.services.patch("core", "two", { a: 1 }));
  await until(() => resets >= SUBSCRIBERS, "a reset for each");
  expect(most()).toBeLessThan(MOST_IN_A_TURN);
  expect(resets).toBe(SUBSCRIBERS);
});

test("accounts that override nothing share one merge and one list of changes", async () => {
  const { services, live } = await LiveGround.open();
  written(await services.patch("east", "one", { b: { c: 1 } }));
  const streams = await Promise.all(
    ["acme", "bolt"].map((accountId) =>
      live.subscribe({ principal: OPEN_PRINCIPAL, accountId, configIds: ["one"] }),
    ),
  );
  for (const stream of streams) await stream.next();
  written(await services.patch(undefined, "one", { a: 9 }));
  const [acme, bolt] = (await Promise.all(streams.map((stream) => stream.next()))).map(
    ({ value }) => value as ConfigChange,
  );
  expect(acme?.changes).toMatchObject([{ pointer: "/a", before: 1, after: 9 }]);
  expect(acme?.changes).toBe(bolt?.changes);
  expect(acme?.config?.config.merged).toBe(bolt?.config?.config.merged);
  expect(acme?.config?.etag).not.toBe(bolt?.config?.etag);
  for (const stream of streams) void stream.return?.();
});

test("thousands whose documents were touched invisibly are marked in slices", async () => {
  const { services, store } = await LiveGround.open();
  const schemas = schemasInForce(services.configs);
  const { lineages } = await store.lineages(["acme"]);
  const [lineage, from] = [lineages[0], schemas.configs.get("one")];
  if (lineage === undefined || from === undefined) throw new Error("no acme, or no config one");
  const ignore = async (): Promise<void> => {};
  const deliveries = new Deliveries({ incarnation: "", sequence: 0, nonce: undefined }, schemas, {
    onLost: ignore,
    onTold: ignore,
  });
  const watched = new WatchedConfigs();
  const document = new WatchedDocument({ accountId: undefined, configId: "one" }, undefined, 0);
  const subscriptions = Array.from({ length: 50_000 }, (_, number) => {
    const [own, ...above] = lineage;
    const accountId = `a${number}`;
    const subscription = new LiveSubscription({
      principal: OPEN_PRINCIPAL,
      accountId,
      configIds: ["one"],
      since: undefined,
      bookmarks: true,
      onMessage: () => {},
      onEnd: () => {},
    });
    const account = watched.addAccount([{ ...own, id: accountId }, ...above]);
    watched.addConfig(account, from, [document]).subscriptions.add(subscription);
    return subscription;
  });
  deliveries.touchQuietly(document);
  let turns = 0;
  let turn = setImmediate(function count() {
    turns++;
    turn = setImmediate(count);
  });
  await deliveries.markTouched();
  clearImmediate(turn);
  expect(subscriptions.every(({ isTouched }) => isTouched)).toBe(true);
  expect(turns).toBeGreaterThan(0);
});
