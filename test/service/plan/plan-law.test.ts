import { expect, onTestFinished, test } from "vitest";
import { isObject, type Json, type JsonObject } from "../../../src/domain/json/json.js";
import { applyPlan, isLeftOf, serviceWriter } from "../../../src/service/plan/apply-plan.js";
import type { DeclaredFolder } from "../../../src/service/plan/declared-folder.js";
import { makePlan } from "../../../src/service/plan/make-plan.js";
import type { Plan } from "../../../src/service/plan/plan.js";
import { StoreTrial } from "../../../src/store/store-trial.js";
import { cases, SEED } from "../../cases.js";
import { openTestStore } from "../../store/test-store.js";
import { CONFIG, ImpactWorld, type Random, randomDocument, randomOf } from "../impact/impact-world.js";
import { Services } from "../services.js";

function randomFolder(world: ImpactWorld): DeclaredFolder {
  const owners = [undefined, ...world.ids].filter(() => world.pick([true, false, false]));
  const documents = owners
    .filter(() => world.pick([true, true, false]))
    .map((accountId) => {
      const values = {
        ...randomDocument(world.pick),
        ...world.pick<JsonObject>([{}, { a: null }, { c: { x: null } }]),
      };
      const target = { accountId, configId: CONFIG };
      return { file: `${accountId ?? "system"}/${CONFIG}.json`, target, values };
    });
  return { owners, documents, refused: [] };
}

async function planOf(world: ImpactWorld, folder: DeclaredFolder, prune: boolean): Promise<Plan> {
  const store = new StoreTrial(world.store);
  const { configs } = new Services(store, world.schemas);
  return makePlan({ store, configs }, folder, { prune, accounts: 3 });
}

/** Everything that is declared is what the document says, as far as a constraint lets it say anything. */
async function expectDeclared(world: ImpactWorld, folder: DeclaredFolder, plan: Plan): Promise<void> {
  const kept = new Set(plan.dormant.map(({ file, pointer }) => `${file}${pointer}`));
  for (const { file, target, values } of folder.documents) {
    const { config } = await world.services.read(target.accountId, CONFIG);
    const check = (declared: Json, there: Json | undefined, pointer: string): void => {
      if (kept.has(`${file}${pointer}`) || declared === null) return;
      if (!isObject(declared) || Object.keys(declared).length === 0) {
        if (isObject(declared)) expect(isObject(there)).toBe(true);
        else expect(there).toEqual(declared);
        return;
      }
      for (const [key, value] of Object.entries(declared))
        check(value, isObject(there) ? there[key] : undefined, `${pointer}/${key}`);
    };
    check(values, config.values, "");
  }
}

test(`plan, apply, plan: the second is empty, however often the apply was ended before (LAW_SEED=${SEED})`, async () => {
  let [writes, runs] = [0, 0];
  for (let run = 0; run < cases(3); run++) {
    const store = await openTestStore();
    onTestFinished(() => store.close());
    const world = new ImpactWorld(store, randomOf(SEED + run));
    await world.grow(20);
    for (let round = 0; round < 6; round++) {
      const prune = world.pick([true, false]);
      let folder = randomFolder(world);
      const { refused } = await planOf(world, folder, prune);
      // What cannot be as declared is left out, as a person would.
      const files = new Set(refused.map(({ file }) => file));
      folder = { ...folder, documents: folder.documents.filter(({ file }) => !files.has(file ?? "")) };
      const agreed = await planOf(world, folder, prune && files.size === 0);
      if (agreed.refused.length > 0) continue;
      const digests = agreed.writes.map(({ digest }) => digest);
      for (let tries = 0; tries < 100; tries++) {
        const left = await planOf(world, folder, prune && files.size === 0);
        expect(isLeftOf(digests, left)).toBe(true);
        const applied = await applyPlan(serviceWriter(world.services.configs), left, ending(world.pick));
        runs++;
        expect(applied.stopped?.because).not.toBe("moved");
        if (applied.stopped === undefined) break;
      }
      writes += digests.length;
      const again = await planOf(world, folder, prune && files.size === 0);
      expect(again).toMatchObject({ writes: [], refused: [] });
      await expectDeclared(world, folder, again);
    }
  }
  expect(writes).toBeGreaterThan(cases(3));
  expect(runs).toBeGreaterThan(cases(3));
});

/** Ends an apply before some write, or never. */
function ending(pick: Random): { note: string; signal: AbortSignal; onWrite: () => void } {
  const controller = new AbortController();
  const onWrite = () => {
    if (pick([true, false, false])) controller.abort();
  };
  return { note: "law", signal: controller.signal, onWrite };
}
