import { describe, expect, onTestFinished, test } from "vitest";
import { IMPACT_OUTCOMES, type ImpactOutcome } from "../../../src/domain/change/impact.js";
import type { ImpactReport } from "../../../src/service/impact/impact-report.js";
import { cases, SEED } from "../../cases.js";
import { alteredStore } from "../../store/altered-store.js";
import { openTestStore } from "../../store/test-store.js";
import { written } from "../services.js";
import { ImpactWorld, randomDocument, randomOf } from "./impact-world.js";

/** Some hundred accounts, and what a page of an impact on them lists. */
async function openWorld(seed: number, accounts: number) {
  const store = await openTestStore();
  onTestFinished(() => store.close());
  const listed: number[] = [];
  const counting = alteredStore(store, {
    inheriting: async (of) => {
      const found = await store.inheriting(of);
      listed.push(found.length);
      return found;
    },
  });
  const world = new ImpactWorld(counting, randomOf(seed));
  await world.services.tree(["root"]);
  const ids = ["root"];
  for (let from = 0; ids.length < accounts; from += 100) {
    const parents = ids.slice(-150);
    const some = Array.from(
      { length: 100 },
      (_, index) => `${world.pick(["a", "b", "C", "_"])}${from + index}`,
    );
    await Promise.all(
      some.map((id) =>
        world.services.tree([`${id}${world.pick(["*", "", "", "", ""])}`, world.pick(parents)]),
      ),
    );
    ids.push(...some);
  }
  return { world, ids, listed };
}

async function listOf(report: ImpactReport, first: number, outcomes?: readonly ImpactOutcome[]) {
  const found: { readonly id: string; readonly outcome: ImpactOutcome }[] = [];
  let after: string | undefined;
  for (let pages = 0; pages < 2_000; pages++) {
    const { edges, hasNextPage } = await report.accounts({ first, after, outcomes });
    found.push(...edges.map(({ impact }) => ({ id: impact.account.id, outcome: impact.outcome })));
    after = edges.at(-1)?.cursor;
    if (!hasNextPage) return found;
  }
  throw new Error("pages without end");
}

describe("Pages of the accounts that a write reaches", () => {
  test("look at some accounts alone, where an outcome is rare", async () => {
    const { world, ids, listed } = await openWorld(1, 1_000);
    const rare = [ids.at(-1), ids.at(500)].filter((id) => id !== undefined);
    await world.put(undefined, { b: "x" });
    for (const id of rare) await world.put(id, { b: 1 });
    const dry = written(
      await world.write(undefined, { kind: "PATCH", patch: { b: null } }, { dryRun: true }),
    );
    const report = (await dry.impact()) ?? expect.fail();
    // All others get the problem that nothing is there any more.
    expect(report.counts).toMatchObject({ BROKEN: ids.length - 2, SHIELDED: 2 });
    listed.length = 0;
    const found = await listOf(report, 1, ["SHIELDED"]);
    expect(found.map(({ id }) => id).sort()).toEqual([...rare].sort());
    // Two pages, each of which goes on to the second account: 200 accounts around each of the two.
    expect(listed.reduce((sum, count) => sum + count, 0)).toBeLessThan(1_300);
  });

  test(`tell each account once, whatever is asked for: by outcome, in the order of the tree (LAW_SEED=${SEED})`, async () => {
    for (let run = 0; run < cases(1); run++) {
      const { world, ids } = await openWorld(SEED + run, 700);
      for (const id of ids)
        if (world.pick([true, false, false])) await world.put(id, randomDocument(world.pick));
      await world.put(undefined, randomDocument(world.pick));
      const intent = { kind: "PATCH", patch: { a: 2, b: "y", c: { x: 1 } } } as const;
      const dry = await world.write(undefined, intent, { dryRun: true });
      const report = (await written(dry).impact()) ?? expect.fail();
      const all = await listOf(report, 1_000);
      expect(all.map(({ id }) => id).sort()).toEqual([...ids].sort());
      expect(await listOf(report, 90)).toEqual(all);
      for (const outcome of IMPACT_OUTCOMES) {
        const those = all.filter((each) => each.outcome === outcome);
        expect(those).toHaveLength(report.counts[outcome]);
        expect(await listOf(report, world.pick([31, 200, 1_000]), [outcome])).toEqual(those);
      }
    }
  });
});
