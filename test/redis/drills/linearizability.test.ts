import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { cases } from "../../cases.js";
import { schemaFolder } from "../../temporary-folder.js";
import { RedisServer } from "../redis-server.js";
import { type Rule, violationsIn } from "./history-checker.js";
import { type DrillRecord, runDrill } from "./linearizability-drill.js";
import { FAULT_KINDS } from "./linearizability-faults.js";
import type { Flaw } from "./linearizability-flaws.js";
import { GROUND_SCHEMAS, Ground } from "./linearizability-ground.js";

/** Fewer do not meet every kind of fault. */
const OPERATIONS = Number(process.env.STRATA_OPERATIONS ?? Math.max(2_500, cases(2_500, 10_000)));
const ENOUGH_FOR_FLAWS = 800;
const FIELDS = 100;
const WRITERS = 8;

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

async function openGround(flaw?: Flaw): Promise<Ground> {
  const ground = await Ground.open(server, schemaFolder(GROUND_SCHEMAS), flaw);
  onTestFinished(() => ground.close());
  return ground;
}

function tell(
  { operations, stored, counts, givenUp, faults }: DrillRecord,
  since: number,
  violations: number,
): void {
  const list = (map: ReadonlyMap<string, number>) => [...map].map(([name, n]) => `${n} ${name}`).join(", ");
  const seconds = ((performance.now() - since) / 1_000).toFixed(1);
  console.log(
    `${operations.length} operations (${list(counts)}; ${givenUp} answered late), ${stored.length} stored, in ${seconds} s`,
    `\nfaults: ${list(faults)}\nviolations: ${violations}`,
  );
}

describe("Two gateways on one Redis, with everything going wrong", () => {
  test(`have one order for ${OPERATIONS} operations`, { timeout: 1_200_000 }, async () => {
    const ground = await openGround();
    const start = performance.now();
    const record = await runDrill(ground, OPERATIONS);
    const violations = violationsIn(record.operations, record.stored);
    tell(record, start, violations.length);
    expect(violations).toEqual([]);
    expect(record.counts.get("write done")).toBeGreaterThan(OPERATIONS / 50);
    expect(record.counts.get("read done")).toBeGreaterThan(OPERATIONS / 5);
    expect(record.faults.size).toBe(FAULT_KINDS.length);
  });

  const flaws: [Flaw, Rule][] = [
    ["naive cache", "stale"],
    ["blind commits", "torn"],
    ["repeated commits", "doubled"],
  ];
  test.each(flaws)("are found out: %s", async (flaw, rule) => {
    const ground = await openGround(flaw);
    const start = performance.now();
    const record = await runDrill(ground, ENOUGH_FOR_FLAWS);
    const violations = violationsIn(record.operations, record.stored);
    tell(record, start, violations.length);
    expect(new Set(violations.map((violation) => violation.rule))).toContain(rule);
  });
});

describe("Patches of different fields of one config, at the same time through two gateways,", () => {
  async function patchAll(ground: Ground): Promise<{ fields: number; revisions: number }> {
    const target = { accountId: "a", configId: "one" };
    const read = async (index: number) => ground.gateway(index).get("read", { target });
    const before = await read(0);
    const left = Array.from({ length: FIELDS }, (_, n) => `field ${n}`).values();
    await Promise.all(
      Array.from({ length: WRITERS }, async (_, index) => {
        for (const field of left)
          await ground.gateway(index).get("patch", { target, patch: { [field]: index } });
      }),
    );
    const after = await read(1);
    const fields = Object.keys(after.values).length - Object.keys(before.values).length;
    return { fields, revisions: (after.layers[0]?.revision ?? 0) - (before.layers[0]?.revision ?? 0) };
  }

  test("all survive", async () => {
    expect(await patchAll(await openGround())).toEqual({ fields: FIELDS, revisions: FIELDS });
  });

  test("do not where versions are not compared", async () => {
    expect((await patchAll(await openGround("blind commits"))).fields).toBeLessThan(FIELDS);
  });
});
