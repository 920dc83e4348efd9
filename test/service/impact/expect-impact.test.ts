import { describe, expect, onTestFinished, test } from "vitest";
import { OPEN_PRINCIPAL, type Principal } from "../../../src/auth/principal.js";
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
