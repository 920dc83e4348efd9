import deepmerge from "deepmerge";
import { createDefu } from "defu";
import lodashMerge from "lodash.merge";
import type { Json, JsonObject, JsonObjectDraft } from "../src/domain/json/json.js";
import type { BindingConstraint, Constraint } from "../src/domain/merge/constraint.js";
import { merge } from "../src/domain/merge/merge.js";
import { Merged } from "../src/domain/merge/merged.js";
import { bindingConstraints } from "../src/schema/bounds.js";

// Merging four layers of one config: Strata's walk, with and without provenance, beside three merge libraries. All in
// one process, in turns, so that whatever the machine does hits all of them. Quote the ratios; the times are this
// machine's, today.

const LAYERS = 4;
const ROUNDS = 31;
const ROUND_MILLISECONDS = 40;

/**
 * Four layers over the same settings, two levels of objects deep. `sparse`, as configs mostly are: the lowest layer has
 * all of them, a higher one a fifth, a tenth, a fifteenth. `dense`: every layer has all of them.
 */
function layers(leaves: number, density: "sparse" | "dense"): JsonObject[] {
  return Array.from({ length: LAYERS }, (_, layer) => {
    const share = density === "dense" || layer === LAYERS - 1 ? 1 : 5 * (layer + 1);
    const object: { [group: string]: JsonObjectDraft } = {};
    for (let i = 0; i < leaves; i++) {
      if (i % share !== 0) continue;
      const group = `group_${Math.floor(i / 10)}`;
      object[group] ??= {};
      object[group][`setting_${i}`] = value(i, layer);
    }
    return object as JsonObject;
  });
}

function value(i: number, layer: number): Json {
  const kinds: Json[] = [i + layer, `text ${i} of layer ${layer}`, i % 3 === 0, [i, layer]];
  return kinds[i % kinds.length] as Json;
}

// Arrays are replaced whole in Strata; the libraries are set to do the same where they can.
const defu = createDefu((object, key, item) => {
  if (!Array.isArray(item)) return false;
  object[key] = item as never;
  return true;
});

/** 100 constraints of the second lowest layer, at settings and groups: half locks, half bounds. None excludes anything. */
function constraints(leaves: number): readonly BindingConstraint[] {
  const list = Array.from({ length: 100 }, (_, n): Constraint => {
    const i = n < leaves ? Math.floor((n * leaves) / 100) : n;
    const place = `/group_${Math.floor(i / 10)}/setting_${i}`;
    const reason = "for the bench";
    // A lock at a setting that nobody has, beside the settings.
    if (n % 2 === 0) return { pointer: `${place}_locked`, kind: "LOCK", reason };
    return {
      pointer: place,
      kind: "BOUNDS",
      schema: { type: ["integer", "string", "boolean", "array"], maxLength: 100, minimum: -1 },
      reason,
    };
  });
  return bindingConstraints([...new Map(list.map((each) => [each.pointer, each])).values()]);
}
const binding = new Map<JsonObject[], readonly BindingConstraint[]>();

function constrained(documents: JsonObject[]): Merged {
  const [account, reseller, system, schema] = documents;
  return Merged.of([schema]).under(system, binding.get(documents)).under(reseller).under(account);
}

const contenders: Record<string, (highestFirst: JsonObject[]) => unknown> = {
  "strata, values and provenance": (documents) => Merged.of(documents).fields.list(),
  "strata, under 100 constraints": (documents) => constrained(documents).fields.list(),
  "strata, values alone": (documents) => merge(documents),
  "lodash.merge": (documents) => lodashMerge({}, ...documents.toReversed()),
  defu: (documents) =>
    documents.slice(1).reduce((over, under) => defu(over, under) as JsonObject, documents[0] as JsonObject),
  deepmerge: (documents) =>
    deepmerge.all(documents.toReversed() as object[], { arrayMerge: (_, source) => source }),
};

function nanosecondsPerLeaf(run: () => unknown, leaves: number): number {
  const end = performance.now() + ROUND_MILLISECONDS;
  let times = 0;
  const start = performance.now();
  for (; performance.now() < end; times++) run();
  return ((performance.now() - start) * 1e6) / times / leaves;
}

const median = (numbers: number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] as number;

const workloads = [30, 300, 3_000].flatMap((leaves) =>
  (["sparse", "dense"] as const).map((density) => ({ leaves, density })),
);
for (const { leaves, density } of workloads) {
  const documents = layers(leaves, density);
  binding.set(documents, constraints(leaves));
  const measured = new Map(Object.keys(contenders).map((name) => [name, [] as number[]]));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, run] of Object.entries(contenders)) {
      const time = nanosecondsPerLeaf(() => run(documents), leaves);
      // The first round warms up.
      if (round > 0) measured.get(name)?.push(time);
    }
  }
  const reference = measured.get("lodash.merge") ?? [];
  const free = measured.get("strata, values and provenance") ?? [];
  const bound = measured.get("strata, under 100 constraints") ?? [];
  console.log(`\n${leaves} leaves, ${LAYERS} ${density} layers, median of ${ROUNDS} rounds`);
  for (const [name, times] of measured) {
    const ratio = median(times.map((time, round) => time / (reference[round] as number)));
    console.log(
      `  ${name.padEnd(30)} ${median(times).toFixed(0).padStart(6)} ns/leaf   ${ratio.toFixed(2)} of lodash.merge`,
    );
  }
  const ratio = median(bound.map((time, round) => time / (free[round] as number)));
  console.log(`  100 constraints: ${ratio.toFixed(2)} of the merge with provenance without them`);
}
