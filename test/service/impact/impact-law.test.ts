import { describe, expect, onTestFinished, test } from "vitest";
import { IMPACT_OUTCOMES } from "../../../src/domain/change/impact.js";
import { resellerLineage } from "../../../src/domain/reseller.js";
import type { ConfigSnapshot } from "../../../src/service/read/config-snapshot.js";
import type { WriteIntent } from "../../../src/service/write/write-decision.js";
import { cases, SEED } from "../../cases.js";
import { openTestStore } from "../../store/test-store.js";
import { written } from "../services.js";
import {
  ImpactWorld,
  randomConstraint,
  randomDocument,
  randomOf,
  type Told,
  tellAll,
  toldBy,
} from "./impact-world.js";

async function openWorld(seed: number, accounts: number): Promise<ImpactWorld> {
  const store = await openTestStore();
  onTestFinished(() => store.close());
  const world = new ImpactWorld(store, randomOf(seed));
  await world.grow(accounts);
  return world;
}

/** Of each account that inherits from a layer what reading it before and after tells. */
function expectedOf(
  writer: string | undefined,
  before: ReadonlyMap<string, ConfigSnapshot>,
  after: ReadonlyMap<string, ConfigSnapshot>,
): Map<string, Told> {
  const all = new Map<string, Told>();
  for (const [id, old] of before) {
    const lineage = old.view.account?.lineage ?? [];
    if (writer !== undefined && resellerLineage(lineage)?.[0].id !== writer) continue;
    all.set(id, toldBy(old, after.get(id) as ConfigSnapshot));
  }
  return all;
}

function countsOf(told: ReadonlyMap<string, Told>) {
  const outcomes = [...told.values()].map(({ outcome }) => outcome);
  return Object.fromEntries(
    IMPACT_OUTCOMES.map((each) => [each, outcomes.filter((outcome) => outcome === each).length]),
  );
}

function randomIntent(world: ImpactWorld): WriteIntent {
  const values = randomDocument(world.pick);
  return world.pick<WriteIntent>([
    { kind: "PATCH", patch: values },
    { kind: "PATCH", patch: { [world.pick(["a", "b", "c", "d"])]: null } },
    { kind: "SET", values },
    { kind: "RESET", pointers: undefined },
    // The same value, from another layer.
    { kind: "PATCH", patch: {}, pin: ["/a"] },
    { kind: "CONSTRAIN", set: [randomConstraint(world.pick)], remove: [] },
    {
      kind: "CONSTRAIN",
      set: [],
      remove: ["/a", "/c", "/c/x", "/d", ""].filter(() => world.pick([true, false])),
    },
  ]);
}

describe(`The impact of a write (LAW_SEED=${SEED})`, () => {
  test("is what reading every account before and after tells, in random trees of 60 accounts", async () => {
    const seen = new Set<string>();
    for (let run = 0; run < cases(4); run++) {
      const world = await openWorld(SEED + run, 60);
      for (let step = 0; step < 25; step++) {
        const writer = world.pick([undefined, ...world.ids]);
        const intent = randomIntent(world);
        const before = await world.read();
        const dry = await world.write(writer, intent, { dryRun: true });
        if (dry.result !== "written") continue;
        const expected = await written(dry).impact();
        const told = expected && (await tellAll(expected, world.pick([1, 7, 100])));
        const done = await written(await world.write(writer, intent)).impact();
        const truth = expectedOf(writer, before, await world.read());
        expect(expected === undefined).toBe(truth.size === 0);
        if (expected === undefined || told === undefined) continue;
        expect(told).toEqual(truth);
        expect(expected.counts).toEqual(countsOf(truth));
        expect(expected.total).toBe(truth.size);
        expect(done).toMatchObject({ digest: expected.digest, counts: expected.counts });
        for (const { outcome } of truth.values()) seen.add(outcome);
      }
    }
    // Four trees may lack one outcome; many may not.
    if (cases(4) >= 20) expect([...seen].sort()).toEqual([...IMPACT_OUTCOMES].sort());
    else if (cases(4) >= 4) expect(seen.size).toBeGreaterThanOrEqual(3);
  });
});
