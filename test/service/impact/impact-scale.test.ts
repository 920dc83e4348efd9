import { expect, onTestFinished, test } from "vitest";
import { openTestStore } from "../../store/test-store.js";
import { written } from "../services.js";
import { ImpactWorld, randomOf } from "./impact-world.js";

const isLong = process.env.STRATA_TEST_LONG === "1";

test.runIf(isLong)(
  "10,000 accounts with 2,000 documents are looked at exactly; the time is printed",
  async () => {
    const store = await openTestStore();
    onTestFinished(() => store.close());
    const world = new ImpactWorld(store, randomOf(1));
    await world.services.tree(["root"], ["r*", "root"]);
    for (let from = 0; from < 10_000; from += 200)
      await Promise.all(
        Array.from({ length: 200 }, async (_, index) => {
          await world.services.tree([`x${from + index}`, "r"]);
          if (index % 5 === 0) await world.put(`x${from + index}`, { b: "y", a: index % 3 });
        }),
      );
    const times: number[] = [];
    for (let run = 0; run < 20; run++) {
      const dry = written(
        await world.write("r", { kind: "PATCH", patch: { a: 2, b: "x" } }, { dryRun: true }),
      );
      const startedAt = performance.now();
      const report = await dry.impact();
      times.push(performance.now() - startedAt);
      expect(report).toMatchObject({ total: 10_000, counts: { HEALED: 8_000 } });
    }
    console.log(
      `impact of 10,000 accounts: ms ${times
        .sort((a, b) => a - b)
        .map(Math.round)
        .join(" ")}`,
    );
  },
);
