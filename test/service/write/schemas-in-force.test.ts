import { describe, expect, onTestFinished, test } from "vitest";
import type { JsonObject } from "../../../src/domain/json/json.js";
import type { CommitOutcome, Store } from "../../../src/store/store.js";
import { cases, SEED } from "../../cases.js";
import { alteredStore } from "../../store/altered-store.js";
import { openTestStore } from "../../store/test-store.js";
import { schemaFolder } from "../../temporary-folder.js";
import { randomOf } from "../impact/impact-world.js";
import { Services, written } from "../services.js";

const CONFIG = "x";
const withB = (b: JsonObject) => ({
  "account_config.x": { properties: { a: { type: "integer" }, b: { type: "integer", ...b } } },
});
const WIDE = withB({});
const NARROW = withB({ maximum: 5 });
const patch = (b: number) => ({ kind: "PATCH", patch: { b } }) as const;

/** Services over a real store, two accounts below a reseller, and whatever is to happen around some of the store's calls. */
async function open(calls: (store: Store) => Partial<Store>): Promise<Services> {
  const store = await openTestStore();
  onTestFinished(() => store.close());
  const services = new Services(alteredStore(store, calls(store)), schemaFolder(WIDE));
  await services.tree(["root"], ["reseller*", "root"], ["a", "reseller"], ["b", "reseller"]);
  return services;
}

describe("Schemas that are replaced while a write is decided", () => {
  test("a write whose impact is another under them is refused with the impact of now", async () => {
    let replace = () => {};
    // The last that an impact reads before the commit.
    const services = await open((store) => ({
      changes: async (after, limit) => {
        const found = await store.changes(after, limit);
        replace();
        return found;
      },
    }));
    await services.set("a", CONFIG, { a: 1 });
    const dry = written(await services.write("reseller", CONFIG, patch(4), { dryRun: true }));
    const expected = await dry.impact();
    expect(expected).toMatchObject({ total: 2, counts: { CHANGED: 2 } });
    replace = () => services.serve(schemaFolder(withB({ default: 4 })));
    const expectImpact = expected?.digest ?? "";
    const result = await services.write("reseller", CONFIG, patch(3), { expectImpact });
    expect(result).toMatchObject({ result: "conflict", reason: "expectImpact" });
    services.serve(schemaFolder(WIDE));
    const again = await services.write("reseller", CONFIG, patch(4), { expectImpact });
    // Equal to the new default: it is not stored, and does nothing to anybody.
    expect(again).toMatchObject({ result: "conflict", reason: "expectImpact" });
    expect(await services.stored("reseller", CONFIG)).toBeUndefined();
    expect(again.result === "conflict" && again.impact?.counts).toMatchObject({ CHANGED: 0, MOVED: 0 });
  });

  test("a write that they reject is invalid, and one that they allow is stamped with their digest", async () => {
    let replace = () => {};
    // Read to decide what a write with a base overlaps with.
    const services = await open((store) => ({
      layersAfter: async (targets, sequence) => {
        const found = await store.layersAfter(targets, sequence);
        replace();
        return found;
      },
    }));
    const write = async (b: number) =>
      services.write("a", CONFIG, patch(b), { base: (await services.read("a", CONFIG)).position });
    replace = () => services.serve(schemaFolder(NARROW));
    expect(await write(9)).toMatchObject({
      result: "invalid",
      problems: [{ pointer: "/b", keyword: "maximum" }],
    });
    replace = () => {};
    services.serve(schemaFolder(WIDE));
    expect((await write(9)).result).toBe("written");
    replace = () => services.serve(schemaFolder(NARROW));
    expect((await write(5)).result).toBe("written");
    const { revisions } = await services.store.history({
      key: { accountId: "a", configId: CONFIG },
      limit: 1,
      bytes: 1,
    });
    expect(revisions[0]?.schema).toBe(services.configs.schemaDigest);
  });

  test("a commit of which nobody has heard is not sent again under them: whether it was done stays unknown", async () => {
    let sent = 0;
    const services: Services = await open((store) => ({
      commit: async (commit): Promise<CommitOutcome> => {
        if (commit.write.on === "account") return store.commit(commit);
        sent++;
        services.serve(schemaFolder(NARROW));
        return { outcome: "unknown", cause: new Error("cut off") };
      },
    }));
    await expect(services.write("a", CONFIG, patch(9))).rejects.toMatchObject({
      code: "WRITE_OUTCOME_UNKNOWN",
    });
    expect(sent).toBe(1);
  });

  test(`no write is ever sent to the store under other schemas than those in force (LAW_SEED=${SEED})`, async () => {
    const pick = randomOf(SEED);
    const folders = [NARROW, WIDE].map((files) => schemaFolder(files));
    const seen = { same: 0, another: 0 };
    /** Others are in force, by chance, when a store's answer comes. */
    const replacing = async <T>(answer: Promise<T>): Promise<T> => {
      const found = await answer;
      if (pick([true, false, false])) services.serve(pick(folders));
      return found;
    };
    const services: Services = await open((store) => ({
      layersAfter: (targets, sequence) => replacing(store.layersAfter(targets, sequence)),
      inheriting: (of) => replacing(store.inheriting(of)),
      changes: (after, limit) => replacing(store.changes(after, limit)),
      commit: (commit) => {
        if (commit.write.on === "document")
          seen[commit.schema === services.configs.schemaDigest ? "same" : "another"]++;
        return store.commit(commit);
      },
    }));
    for (let round = 0; round < cases(60); round++) {
      const accountId = pick(["a", "b", "reseller"]);
      const intent = patch(pick([0, 1, 2, 3, 4, 5, 6, 7]));
      const dry = await services.write(accountId, CONFIG, intent, { dryRun: true });
      const impact = dry.result === "written" ? await dry.impact() : undefined;
      await services.write(accountId, CONFIG, intent, {
        expectImpact: impact?.digest,
        ...(pick([true, false]) && { base: (await services.read(accountId, CONFIG)).position }),
      });
    }
    expect(seen.another).toBe(0);
    expect(seen.same).toBeGreaterThan(cases(60) / 6);
  });
});
