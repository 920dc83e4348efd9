import { describe, expect, onTestFinished, test } from "vitest";
import { OPEN_PRINCIPAL, type Principal } from "../../../src/auth/principal.js";
import { cases, SEED } from "../../cases.js";
import { alteredStore } from "../../store/altered-store.js";
import { openTestStore } from "../../store/test-store.js";
import { written } from "../services.js";
import { CONFIG, ImpactWorld, randomOf, tellAll } from "./impact-world.js";

const RACES = process.env.STRATA_TEST_LONG === "1" ? 1_000 : 20;
const set = (a: number) => ({ kind: "PATCH", patch: { a, b: "x" } }) as const;

async function openWorld(accounts: number): Promise<ImpactWorld> {
  const store = await openTestStore();
  onTestFinished(() => store.close());
  const world = new ImpactWorld(store, randomOf(1));
  const { services } = world;
  await services.tree(["root"], ["reseller*", "root"], ["leaf", "reseller"], ["other", "root"]);
  for (let index = 0; index < accounts; index++) await services.tree([`x${index}`, "reseller"]);
  return world;
}

describe("A write that expects an impact (R22)", () => {
  test("is made where it still has it, whatever changed elsewhere, and refused with the impact of now where not", async () => {
    const world = await openWorld(3);
    const dry = written(await world.write("reseller", set(2), { dryRun: true }));
    const expected = await dry.impact();
    expect(expected).toMatchObject({ total: 4, counts: { HEALED: 4 } });
    const expectImpact = expected?.digest ?? "";
    await world.services.tree(["elsewhere", "other"]);
    await world.put("other", { a: 0 });
    await world.put("x1", { a: 0, b: "y" });
    const refused = await world.write("reseller", set(2), { expectImpact });
    expect(refused).toMatchObject({ result: "conflict", reason: "expectImpact", impact: { total: 4 } });
    await world.put("x1", undefined);
    await world.services.tree(["x9", "reseller"]);
    expect((await world.write("reseller", set(2), { expectImpact })).result).toBe("conflict");
    await world.services.accounts.delete(OPEN_PRINCIPAL, "x9");
    const done = written(await world.write("reseller", set(2), { expectImpact }));
    expect(done.revision).toBe(1);
    expect((await done.impact())?.digest).toBe(expectImpact);
  });

  test("is never applied with another impact, however others race with it", async () => {
    const world = await openWorld(2);
    for (let race = 0; race < RACES; race++) {
      await world.put("x0", undefined);
      const patch = set(race % 2);
      const dry = written(await world.write("reseller", patch, { dryRun: true }));
      const expectImpact = (await dry.impact())?.digest ?? "";
      const [result] = await Promise.all([
        world.write("reseller", patch, { expectImpact }),
        world.put("x0", { a: 2, b: "own" }),
      ]);
      if (result.result !== "written" || result.revision === undefined) continue;
      // What the impact was made of is what was there right before the commit.
      expect(await ownB(world, result.snapshot.position.sequence - 1)).not.toBe("own");
    }
  });

  test("whatever races with it below, beside or under it: the one that comes second sees the first", async () => {
    const world = await openWorld(2);
    await world.services.tree(["y", "x0"], ["gone", "x0"]);
    await world.put("reseller", { a: 0, b: "x" });
    const outcomes = new Map(disturbances(world).map(({ name }) => [name, new Set<string>()]));
    for (let race = 0; race < RACES; race++) {
      const all = disturbances(world);
      const { name, does, undoes } = all[race % all.length] ?? expect.fail();
      // Something else each time: a write that changes nothing is no commit.
      const patch = { kind: "PATCH", patch: { a: 1 + (race % 2), b: "x", d: { k: race } } } as const;
      const expectImpact =
        (await written(await world.write("reseller", patch, { dryRun: true })).impact())?.digest ?? "";
      const { sequence } = await world.store.changes(0, 1);
      const [result] = await Promise.all([
        world.write("reseller", patch, { expectImpact }),
        laterBy(world.pick([0, 0, 1, 2, 4, 8, 16]), does),
      ]);
      const { changes = [] } = await world.store.changes(sequence, 10);
      const isOfWrite = changes.map((each) => each.on === "document" && each.key.accountId === "reseller");
      if (result.result === "written") expect([name, isOfWrite]).toEqual([name, [true, false]]);
      else {
        expect([name, isOfWrite]).toEqual([name, [false]]);
        // The system has locked what the write would change.
        if (name === LOCKED) expect(result.result).toBe("invalid");
        else {
          expect(result).toMatchObject({ result: "conflict", reason: "expectImpact" });
          expect(result.result === "conflict" && result.impact?.digest).not.toBe(expectImpact);
        }
      }
      outcomes.get(name)?.add(result.result);
      await undoes();
    }
    if (RACES >= 1_000) for (const seen of outcomes.values()) expect(seen.size).toBe(2);
  });

  test(`whatever comes, or comes and goes, between two reads of the look: what is made has the impact that was agreed to (LAW_SEED=${SEED})`, async () => {
    const store = await openTestStore();
    onTestFinished(() => store.close());
    let [calls, made]: [number, number] = [0, 0];
    let at = new Map<number, () => Promise<unknown>>();
    let check = async (): Promise<void> => {};
    const disturbed = async <T>(answer: Promise<T>): Promise<T> => {
      const found = await answer;
      await at.get(calls++)?.();
      return found;
    };
    const watched = alteredStore(store, {
      inheriting: (of) => disturbed(store.inheriting(of)),
      layers: (targets, bodies) => disturbed(store.layers(targets, bodies)),
      documents: (keys) => disturbed(store.documents(keys)),
      lineages: (ids) => disturbed(store.lineages(ids)),
      changes: (since, limit) => disturbed(store.changes(since, limit)),
      commit: async (commit) => {
        await check();
        const outcome = await store.commit(commit);
        if (outcome.outcome === "done") made++;
        return outcome;
      },
    });
    const results = new Set<string>();
    const pick = randomOf(SEED);
    const [world, calm] = [new ImpactWorld(watched, pick), new ImpactWorld(store, pick)];
    await calm.services.tree(["root"], ["reseller*", "root"], ["leaf", "reseller"], ["other", "root"]);
    await calm.services.tree(["x0", "reseller"], ["x1", "reseller"], ["y", "x0"], ["gone", "x0"]);
    await calm.put("reseller", { a: 0, b: "x" });
    for (let round = 0; round < cases(60); round++) {
      const patch = { kind: "PATCH", patch: { a: 1 + (round % 2), b: "x", d: { k: round } } } as const;
      // No write to the system layer expects the tree to be as it was.
      const writer = pick(["reseller", undefined]);
      /** Undefined: it may not be made as things are. */
      const digest = async () => {
        const dry = await calm.write(writer, patch, { dryRun: true });
        return dry.result === "written" ? (await dry.impact())?.digest : undefined;
      };
      const expectImpact = await digest();
      const { does, undoes } = pick([...disturbances(calm), ...elsewhere(calm)]);
      const [from, to] = [pick([0, 1, 2, 3, 4, 5, 6, 8, 10]), pick([1, 2, 3, 5, 100])];
      let isUndone = false;
      at = new Map([
        [from, does],
        [
          from + to,
          async () => {
            isUndone = true;
            await undoes();
          },
        ],
      ]);
      let agreed: unknown;
      check = async () => {
        agreed = await digest();
      };
      [calls, made] = [0, 0];
      const { result } = await world.write(writer, patch, { expectImpact });
      results.add(result);
      const hasCome = calls > from;
      at = new Map();
      expect(made).toBe(result === "written" ? 1 : 0);
      if (result === "written") expect([typeof agreed, agreed]).toEqual(["string", expectImpact]);
      if (hasCome && !isUndone) await undoes();
    }
    if (cases(60) >= 60) expect([...results].sort()).toEqual(["conflict", "invalid", "written"]);
  });

  test("is made after one look at all accounts, whatever goes on elsewhere meanwhile", async () => {
    const store = await openTestStore();
    onTestFinished(() => store.close());
    let looks = 0;
    let meanwhile = async (): Promise<unknown> => undefined;
    const watched = alteredStore(store, {
      inheriting: async (of) => {
        if (of.after === undefined) looks++;
        const found = await store.inheriting(of);
        await meanwhile();
        return found;
      },
      // Right before the commit.
      changes: async (after, limit) => {
        const found = await store.changes(after, limit);
        await meanwhile();
        return found;
      },
    });
    const world = new ImpactWorld(watched, randomOf(1));
    const { accounts } = world.services;
    await world.services.tree(["root"], ["reseller*", "root"], ["x0", "reseller"], ["other", "root"]);
    await world.services.tree(["x1", "reseller"]);
    const left = elsewhere(world).flatMap(({ does, undoes }) => [does, undoes]);
    const dry = written(await world.write("reseller", set(2), { dryRun: true }));
    const expectImpact = (await dry.impact())?.digest;
    looks = 0;
    meanwhile = async () => left.shift()?.();
    const done = written(await world.write("reseller", set(2), { expectImpact }));
    expect([done.revision, looks, left]).toEqual([1, 1, []]);
    // Below, too, what changes is looked at again.
    meanwhile = async () => undefined;
    const next = { kind: "PATCH", patch: { a: 0, b: "z" } } as const;
    const expected = (await written(await world.write("reseller", next, { dryRun: true })).impact())?.digest;
    looks = 0;
    const below = [
      () => world.services.tree(["new", "reseller"]),
      () => accounts.delete(OPEN_PRINCIPAL, "new"),
    ];
    meanwhile = async () => below.shift()?.();
    expect((await world.write("reseller", next, { expectImpact: expected })).result).toBe("written");
    expect(looks).toBeGreaterThan(1);
  });

  test("lets others write the same document while all accounts are looked at, and is decided again after them", async () => {
    const store = await openTestStore();
    onTestFinished(() => store.close());
    const others: (() => Promise<unknown>)[] = [];
    const watched = alteredStore(store, {
      inheriting: async (of) => {
        const found = await store.inheriting(of);
        await others.shift()?.();
        return found;
      },
    });
    const world = new ImpactWorld(watched, randomOf(1));
    await world.services.tree(["root"], ["reseller*", "root"], ["x0", "reseller"]);
    const dry = written(await world.write("reseller", set(2), { dryRun: true }));
    const expectImpact = (await dry.impact())?.digest;
    const beside = { kind: "PATCH", patch: { d: { beside: 1 } } } as const;
    others.push(() => world.write("reseller", beside));
    const result = written(await world.write("reseller", set(2), { expectImpact }));
    expect([result.revision, others]).toEqual([2, []]);
    expect(result.snapshot.config.values).toMatchObject({ a: 2, b: "x", d: { beside: 1 } });
  });

  test("a caller is told of the accounts below it alone, and a leaf of none", async () => {
    const world = await openWorld(1);
    const caller: Principal = {
      ...OPEN_PRINCIPAL,
      isSuperadmin: false,
      accountId: "reseller",
      issuedAt: 2 ** 40,
    };
    const target = (accountId: string) => ({ accountId, configId: CONFIG });
    const dry = (accountId: string) =>
      world.services.configs.write(caller, { target: target(accountId), intent: set(2), dryRun: true });
    const report = await written(await dry("reseller")).impact();
    expect([...(await tellAll(report ?? expect.fail())).keys()].sort()).toEqual(["leaf", "x0"]);
    expect(await written(await dry("leaf")).impact()).toBeUndefined();
    await world.services.tree(["fresh*", "reseller"]);
    expect(await written(await dry("fresh")).impact()).toBeUndefined();
  });
});

async function ownB(world: ImpactWorld, sequence: number): Promise<unknown> {
  const { configs } = await world.store.layersAfter([{ accountId: "x0", configId: CONFIG }], sequence);
  const [config] = configs;
  return config?.outcome === "kept" ? config.documents[0]?.override?.b : config?.outcome;
}

interface Disturbance {
  readonly name: string;
  readonly does: () => Promise<unknown>;
  readonly undoes: () => Promise<unknown>;
}

const LOCKED = "a lock of the system";

/** What changes the impact of a write to the reseller. */
function disturbances(world: ImpactWorld): readonly Disturbance[] {
  const { accounts } = world.services;
  const update = (id: string, to: { parentId?: string; isReseller?: boolean }) => () =>
    accounts.update(OPEN_PRINCIPAL, { id, ...to });
  const lock = { pointer: "/d", kind: "LOCK", reason: "one for all" } as const;
  return [
    {
      name: "an account that comes below it",
      does: () => world.services.tree(["new", "reseller"]),
      undoes: () => accounts.delete(OPEN_PRINCIPAL, "new"),
    },
    {
      name: "an account below it that is deleted",
      does: () => accounts.delete(OPEN_PRINCIPAL, "gone"),
      undoes: () => world.services.tree(["gone", "x0"]),
    },
    {
      name: "an account that moves below it",
      does: update("other", { parentId: "x1" }),
      undoes: update("other", { parentId: "root" }),
    },
    {
      name: "an account that moves away",
      does: update("x1", { parentId: "other" }),
      undoes: update("x1", { parentId: "reseller" }),
    },
    {
      name: "a reseller in between",
      does: update("x0", { isReseller: true }),
      undoes: update("x0", { isReseller: false }),
    },
    {
      name: "a document below it",
      does: () => world.put("x1", { d: 1 }),
      undoes: () => world.put("x1", undefined),
    },
    {
      name: LOCKED,
      does: () => world.put(undefined, { b: "s" }, [lock]),
      undoes: () => world.put(undefined, undefined),
    },
  ];
}

/** What changes nothing of it, though it is written all the same. */
function elsewhere(world: ImpactWorld): readonly Disturbance[] {
  const { accounts } = world.services;
  const rename = (id: string, name: string) => () => accounts.update(OPEN_PRINCIPAL, { id, name });
  return [
    {
      name: "an account that comes beside it",
      does: () => world.services.tree(["beside", "other"]),
      undoes: () => accounts.delete(OPEN_PRINCIPAL, "beside"),
    },
    {
      name: "a name beside it",
      does: rename("other", "another name"),
      undoes: rename("other", "other"),
    },
    { name: "a name below it", does: rename("x1", "another name"), undoes: rename("x1", "x1") },
    {
      name: "a document beside it",
      does: () => world.put("other", { a: 1 }),
      undoes: () => world.put("other", undefined),
    },
  ];
}

/** @param turns of the event loop that others have before */
async function laterBy(turns: number, work: () => Promise<unknown>): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
  await work();
}
