import { expect, onTestFinished, test } from "vitest";
import { OPEN_PRINCIPAL } from "../../../src/auth/principal.js";
import { StrataError } from "../../../src/domain/errors.js";
import { resellerLineage } from "../../../src/domain/reseller.js";
import { cases, SEED } from "../../cases.js";
import { openTestStore } from "../../store/test-store.js";
import { CONFIG, ImpactWorld, randomOf, tellAll, toldBy } from "./impact-world.js";

const resellerOf = (lineage: readonly { readonly id: string; readonly isReseller: boolean }[] = []) =>
  resellerLineage(lineage)?.[0].id;

test(`a move and a reseller flag do what reading every account before and after tells (LAW_SEED=${SEED})`, async () => {
  for (let run = 0; run < cases(2); run++) {
    const store = await openTestStore();
    onTestFinished(() => store.close());
    const world = new ImpactWorld(store, randomOf(SEED + run));
    await world.grow(60);
    const { accounts, configs } = world.services;
    for (let step = 0; step < 25; step++) {
      const [rootId = expect.fail(), ...others] = world.ids;
      const update =
        step < 2
          ? { id: rootId, isReseller: step === 0 }
          : {
              id: world.pick(others),
              ...world.pick([{ parentId: world.pick(world.ids) }, { isReseller: world.pick([true, false]) }]),
            };
      const before = await world.read();
      try {
        const dry = await accounts.arrange(OPEN_PRINCIPAL, { ...update, dryRun: true });
        const [report] = (await configs.arrangementImpact(OPEN_PRINCIPAL, dry, [CONFIG])) ?? [];
        const told = report && (await tellAll(report));
        const done = await accounts.arrange(OPEN_PRINCIPAL, update);
        expect(done.account.parent?.id).toBe(dry.account.parent?.id);
        const after = await world.read();
        const hit = world.ids.filter(
          (id) =>
            resellerOf(before.get(id)?.view.account?.lineage) !==
            resellerOf(after.get(id)?.view.account?.lineage),
        );
        const truth = new Map(
          hit.map((id) => [id, toldBy(before.get(id) ?? expect.fail(), after.get(id) ?? expect.fail())]),
        );
        expect(told ?? new Map()).toEqual(truth);
        const [again] = (await configs.arrangementImpact(OPEN_PRINCIPAL, done, [CONFIG])) ?? [];
        expect(again?.digest).toBe(report?.digest);
      } catch (error) {
        if (!(error instanceof StrataError) || !["ACCOUNT_CYCLE", "BAD_USER_INPUT"].includes(error.code))
          throw error;
      }
    }
  }
});
