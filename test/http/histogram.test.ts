import fc from "fast-check";
import { Registry, Histogram as TheirHistogram } from "prom-client";
import { expect, test } from "vitest";
import { Histogram } from "../../src/http/metrics/histogram.js";

const options = { name: "seconds", help: "How long.", labelNames: ["kind", "outcome"], buckets: [0.1, 1, 5] };
const label = fc.constantFrom("a", "b", 'with "quotes"');

test("tells what prom-client's own tells of the same", async () => {
  const observations = fc.array(fc.tuple(label, label, fc.double({ min: 0, max: 9, noNaN: true })));
  const property = fc.asyncProperty(observations, async (all) => {
    const [ours, theirs] = [new Registry(), new Registry()];
    const own = new Histogram({ ...options, registers: [ours] });
    const other = new TheirHistogram({ ...options, registers: [theirs] });
    for (const [kind, outcome, value] of all) {
      own.observe(`${kind}\n${outcome}`, value);
      other.observe({ kind, outcome }, value);
    }
    expect(await ours.metrics()).toBe(await theirs.metrics());
  });
  await fc.assert(property, { numRuns: 200 });
});
