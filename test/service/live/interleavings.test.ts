import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { OPEN_PRINCIPAL } from "../../../src/auth/principal.js";
import { StrataError } from "../../../src/domain/errors.js";
import { SEED } from "../../cases.js";
import { FAST_DISK, openTestStore } from "../../store/test-store.js";
import { schemaFolder, temporaryFolder } from "../../temporary-folder.js";
import { Services } from "../services.js";
import { Follower, until } from "./follower.js";

const isLong = process.env.STRATA_TEST_LONG === "1";
const WRITES = isLong ? 10_000 : 600;
const FOLLOWERS = 20;

const SETTINGS = { a: { type: "integer" }, b: { type: "object", properties: { c: {}, d: {} } } };
const SCHEMAS = {
  "account_config.one": { type: "object", properties: SETTINGS },
  "system_config.one": {
    type: "object",
    properties: { ...SETTINGS, a: { type: "integer", default: 1 }, hidden: { type: "integer" } },
  },
  "account_config.two": { type: "object", properties: SETTINGS },
  "system_config.two": { type: "object", properties: { ...SETTINGS, hidden: { type: "integer" } } },
};
const CONFIGS = ["one", "two"];
const ACCOUNTS = ["root", "east", "west", "e1", "e2", "w1", "w2", "leaf"];

/** As many gateways as the store allows; one on LMDB. */
const GATEWAYS = process.env.STRATA_TEST_STORE === "redis" ? 2 : 1;

async function openGateway(folder: string, schemas: string): Promise<Services> {
  const store = await openTestStore(folder);
  const gateway = new Services(store, schemas);
  onTestFinished(() => kill(gateway));
  return gateway;
}

/** Whatever is on its way fails: nothing is finished first. */
async function kill({ live, store }: Services): Promise<void> {
  const closing = store.close();
  live.close();
  await closing;
}

const integer = fc.integer({ min: 0, max: 3 });
const values = fc.record(
  { a: integer, b: fc.record({ c: integer, d: integer }, { requiredKeys: [] }) },
  { requiredKeys: [] },
);
const target = fc.record({ account: fc.constantFrom(...ACCOUNTS), config: fc.constantFrom(...CONFIGS) });
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("set" as const), target, values }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("reset" as const), target }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("system" as const), target, values, hidden: integer }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("hidden" as const), target, hidden: integer }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("move" as const),
      id: fc.constantFrom("e1", "e2", "w1", "w2", "leaf"),
      parentId: fc.constantFrom("root", "east", "west", "e1", "w1"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("flag" as const),
      id: fc.constantFrom("east", "west", "e1", "w1"),
      isReseller: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("rename" as const), id: fc.constantFrom(...ACCOUNTS) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

async function write(services: Services, given: Step): Promise<void> {
  switch (given.kind) {
    case "set":
      await services.set(given.target.account, given.target.config, given.values);
      return;
    case "reset":
      await services.reset(given.target.account, given.target.config);
      return;
    case "system":
      await services.set(undefined, given.target.config, { ...given.values, hidden: given.hidden });
      return;
    case "hidden":
      await services.patch(undefined, given.target.config, { hidden: given.hidden });
      return;
    case "move":
      await services.accounts.update(OPEN_PRINCIPAL, { id: given.id, parentId: given.parentId });
      return;
    case "flag":
      await services.accounts.update(OPEN_PRINCIPAL, { id: given.id, isReseller: given.isReseller });
      return;
    case "rename":
      await services.accounts.update(OPEN_PRINCIPAL, { id: given.id, name: `${given.id} again` });
  }
}

test(
  "every folded stream comes to what is in force, however writes, moves, broken connections and killed gateways interleave",
  async () => {
    const [folder, schemas] = [temporaryFolder(FAST_DISK), schemaFolder(SCHEMAS)];
    const gateways: Services[] = [];
    while (gateways.length < GATEWAYS) gateways.push(await openGateway(folder, schemas));
    const first = gateways[0] as Services;
    await first.tree(
      ["root"],
      ["east*", "root"],
      ["west*", "root"],
      ["e1", "east"],
      ["e2", "east"],
      ["w1", "west"],
      ["w2", "west"],
      ["leaf", "e1"],
    );
    const any = <T>(all: readonly T[], number: number) => all[number % all.length] as T;
    const followers = await Promise.all(
      Array.from({ length: FOLLOWERS }, (_, number) =>
        new Follower(any(gateways, number).live, {
          accountId: any(ACCOUNTS, number),
          configIds: number % 3 === 0 ? ["two"] : undefined,
          bookmarks: number % 2 === 0,
        }).start(),
      ),
    );
    const steps = fc.sample(fc.tuple(step, fc.nat(), fc.nat()), { seed: SEED, numRuns: WRITES });
    const cutOff = new Set<Follower>();
    const writing: Promise<void>[] = [];
    for (const [number, [given, dice, who]] of steps.entries()) {
      const run = write(any(gateways, who), given).catch((error: unknown) => {
        if (!(error instanceof StrataError)) throw error;
      });
      writing.push(run);
      if (dice % 5 > 0) await run;
      if (dice % 11 === 0) {
        const follower = any(followers, who);
        if (cutOff.delete(follower)) {
          follower.live = any(gateways, dice).live;
          await follower.start();
        } else {
          cutOff.add(follower);
          await follower.cut();
        }
      }
      if (number % 500 === 499) await Promise.all(writing.splice(0));
      if (GATEWAYS > 1 && number % 1_000 === 299) {
        const killed = gateways.splice(1, 1, await openGateway(folder, schemas))[0] as Services;
        await kill(killed);
        for (const follower of followers) {
          if (follower.live !== killed.live) continue;
          follower.live = any(gateways, who).live;
          if (cutOff.has(follower)) continue;
          await follower.cut();
          await follower.start();
        }
      }
    }
    await Promise.all(writing);
    for (const follower of cutOff) await follower.start();
    for (const follower of followers) {
      const { accountId, folded } = follower;
      await until(async () => {
        expect(follower.error).toBeUndefined();
        for (const [configId, { etag }] of folded)
          if ((await first.read(accountId, configId)).etag !== etag) return false;
        return folded.size > 0;
      }, `the stream of ${accountId}`);
    }
    const count = followers.reduce((sum, { told }) => sum + told.length, 0);
    expect(count).toBeGreaterThan(WRITES);
  },
  isLong ? 1_800_000 : 600_000,
);
