import { setTimeout } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type {
  AccountWriteKind,
  Commit,
  DocumentKey,
  LayersAt,
  PastConfig,
  Store,
} from "../../src/store/store.js";
import { cases, SEED } from "../cases.js";
import { CONFIGS, factSteps } from "./facts-model.js";
import { PastModel, type PastPlace } from "./past-model.js";
import { accountCommit, documentCommit, documentKey, versionOf } from "./store-contract.js";

/** A store to test, and what can happen to its data while nobody has it open. */
export interface PastStore {
  readonly store: Store;
  /** The feed is lost, as after an import. */
  forgetFeed(): Promise<Store>;
  /** The store is what an older release would have left of it, and is upgraded. */
  upgrade(): Promise<Store>;
  close(): Promise<void>;
}

const RUNS = cases(25);
const IDS = ["root", "a", "a.b", "A", "b", "9", "10", "a-b"];
const TARGETS: DocumentKey[] = [undefined, ...IDS].flatMap((accountId) =>
  CONFIGS.slice(0, 2).map((configId) => ({ accountId, configId })),
);

const steps = (maxLength: number) =>
  factSteps(maxLength).chain((all) =>
    fc
      .array(fc.constantFrom(0, 0, 1, 2, 1_000), { minLength: all.length, maxLength: all.length })
      .map((pauses) => all.map((step, index) => ({ ...step, pause: pauses[index] ?? 0 }))),
  );

/** Moments around every commit, before the first one and after the last. */
function momentsOf({ commits }: PastModel): string[] {
  const times = commits.flatMap(({ at }) => [-1, 0, 1].map((by) => Date.parse(at) + by));
  return [...new Set([0, ...times, Date.UTC(2027, 0)])].map((time) => new Date(time).toISOString());
}

/** By this clock all of these moments are over. */
const NOW = "2027-06-01T00:00:00.000Z";

async function configAt(store: Store, target: DocumentKey, moment: string): Promise<PastConfig> {
  const { configs } = await store.layersAt([target], moment, NOW);
  return configs[0] as PastConfig;
}

/** What a store told of a moment. */
interface Told extends Pick<LayersAt, "configs"> {
  readonly moment: string;
}

async function ask(store: Store, moment: string): Promise<Told> {
  return { moment, configs: (await store.layersAt(TARGETS, moment, moment)).configs };
}

/** The store still says the same, or that it is no longer kept: a reseller may be deleted, and its documents with it. */
async function expectUnchanged(store: Store, told: readonly Told[]): Promise<void> {
  for (const { moment, configs } of told) {
    const { configs: later } = await ask(store, moment);
    const kept = configs.map((config, index) => (later[index]?.outcome === "kept" ? config : later[index]));
    expect(later).toEqual(kept);
  }
}

function expectConfig(model: PastModel, found: PastConfig, target: DocumentKey, moment: PastPlace): void {
  const expected = model.expected(target, moment);
  if (expected === "noAccount") expect(found).toEqual({ outcome: "noAccount" });
  else if (expected.documents === undefined) expect(found.outcome).toBe("notKept");
  else {
    const versions = expected.documents.map((document) => document?.version);
    expect(found).toMatchObject({ outcome: "kept", ...expected, versions });
  }
}

/** What the port promises of past moments. Each adapter runs all of it. */
export function describePastContract(name: string, open: () => Promise<PastStore>): void {
  describe(`${name} tells what was stored at a past moment (LAW_SEED=${SEED})`, () => {
    const using = async (use: (opened: PastStore) => Promise<void>) => {
      const opened = await open();
      try {
        await use(opened);
      } finally {
        await opened.close();
      }
    };
    const law = (check: (model: PastModel, opened: PastStore) => Promise<void>) =>
      fc.assert(
        fc.asyncProperty(steps(50), (all) =>
          using(async (opened) => {
            const model = new PastModel();
            await model.live(opened.store, all);
            await check(model, opened);
          }),
        ),
        { numRuns: RUNS, seed: SEED },
      );

    const expectPast = async (model: PastModel, store: Store, knowsSchema: boolean) => {
      for (const moment of momentsOf(model)) {
        const { configs, newest } = await store.layersAt(TARGETS, moment, NOW);
        expect(newest).toBe(model.commits.at(-1)?.at);
        for (const [index, target] of TARGETS.entries()) {
          const found = configs[index] as PastConfig;
          expectConfig(model, found, target, moment);
          if (knowsSchema && found.outcome === "kept") expect(found.schema).toBe(model.schemaAt(moment));
        }
      }
    };

    it("exactly, whatever was done, several commits at one time included", () =>
      law((model, { store }) => expectPast(model, store, true)));

    it("just as exactly when the feed is lost", () =>
      law(async (model, { forgetFeed }) => expectPast(model, await forgetFeed(), false)));

    it("right after each of its commits, several at one time included, also when the feed is lost", () =>
      law(async (model, { store, forgetFeed }) => {
        const check = async (stored: Store) => {
          for (const place of [0, ...model.commits.map(({ sequence }) => sequence)]) {
            const { configs } = await stored.layersAfter(TARGETS, place);
            for (const [index, target] of TARGETS.entries()) {
              const found = configs[index] as PastConfig;
              expectConfig(model, found, target, place);
              if (found.outcome === "kept") expect(found.sequence).toBe(place);
            }
          }
        };
        await check(store);
        await check(await forgetFeed());
      }));

    it("and where it cannot, from which moment on it can again", () =>
      law(async (model, { store }) => {
        const moments = momentsOf(model);
        for (const moment of moments) {
          for (const target of TARGETS) {
            const found = await configAt(store, target, moment);
            if (found.outcome !== "notKept") continue;
            expect(found.next > moment).toBe(true);
            for (const between of moments.filter((each) => each > moment && each < found.next))
              expect((await configAt(store, target, between)).outcome).toBe("notKept");
          }
        }
      }));

    it("never wrongly, whatever an older release did not write down", () =>
      law(async (model, opened) => {
        await opened.forgetFeed();
        const store = await opened.upgrade();
        const newest = model.commits.at(-1)?.at ?? "";
        for (const moment of momentsOf(model)) {
          const { configs } = await store.layersAt(TARGETS, moment, NOW);
          for (const [index, target] of TARGETS.entries()) {
            const found = configs[index] as PastConfig;
            if (found.outcome === "kept" || moment >= newest) expectConfig(model, found, target, moment);
            if (found.outcome === "noAccount") expect(model.expected(target, moment)).toBe("noAccount");
            if (found.outcome === "notKept") expect(found.next > moment && found.next <= newest).toBe(true);
          }
        }
      }));

    it("but not what was stored for a reseller that is deleted, whoever has its id now", () =>
      using(async ({ store, forgetFeed }) => {
        const second = (at: number) => new Date(Date.UTC(2026, 2, 1, 0, 0, at)).toISOString();
        const write = async (at: number, commit: Commit) =>
          versionOf(await store.commit({ ...commit, at: second(at) }));
        const account = (kind: AccountWriteKind, id: string, parentId?: string) => {
          const { name, isReseller, createdAt } = {
            name: id,
            isReseller: id === "seller",
            createdAt: second(0),
          };
          const change = { id, name, parentId, isReseller, createdAt };
          return { ...accountCommit(id, parentId), write: { on: "account" as const, kind, account: change } };
        };
        await write(0, account("CREATE", "root"));
        await write(1, account("CREATE", "seller", "root"));
        await write(2, account("CREATE", "leaf", "seller"));
        await write(3, documentCommit(documentKey("seller", "x"), { v: 1 }));
        await write(4, account("UPDATE", "leaf", "root"));
        await write(5, account("DELETE", "seller", "root"));
        const target = documentKey("leaf", "x");
        const lost = { outcome: "notKept", next: second(4) };
        expect(await configAt(store, target, second(3))).toEqual(lost);
        expect(await configAt(store, target, second(4))).toMatchObject({ outcome: "kept" });
        await write(6, account("CREATE", "seller", "root"));
        expect(await configAt(store, target, second(3))).toEqual(lost);
        expect(await configAt(store, documentKey("seller", "x"), second(3))).toEqual({
          outcome: "noAccount",
        });
        expect(await configAt(await forgetFeed(), target, second(3))).toEqual(lost);
      }));

    it("for good: what comes later gets a later time, whatever clock it was decided by", () =>
      fc.assert(
        fc.asyncProperty(steps(30), fc.array(fc.constantFrom(-1, 0, 1, 5), { minLength: 30 }), (all, asked) =>
          using(async ({ store }) => {
            const model = new PastModel();
            const told: Told[] = [];
            for (const [index, step] of all.entries()) {
              const commit = model.next(step, step.pause);
              if (commit === undefined) continue;
              const clock = Date.parse(commit.at) + (asked[index] ?? 0);
              const asOf = await ask(store, new Date(clock).toISOString());
              const outcome = await store.commit(commit);
              expect(outcome).toMatchObject({ outcome: "done" });
              if (outcome.outcome !== "done") return;
              expect(outcome.at > asOf.moment).toBe(true);
              const { id = "" } = commit.write.on === "account" ? commit.write.account : {};
              model.take(commit, outcome, (await store.lineages([id])).lineages[0]?.[0]);
              told.push(asOf);
            }
            await expectUnchanged(store, told);
          }),
        ),
        { numRuns: RUNS, seed: SEED },
      ));

    it("for good, also while commits are under way", () =>
      using(async ({ store }) => {
        versionOf(await store.commit(accountCommit("root", undefined)));
        const told: Promise<Told>[] = [];
        const commits: Promise<unknown>[] = [];
        for (let count = 0; count < 60; count++) {
          const at = new Date(Date.now() - (count % 3)).toISOString();
          const key = documentKey("root", CONFIGS[count % 2] ?? "x");
          commits.push(store.commit({ ...documentCommit(key, { count }), at }));
          told.push(ask(store, new Date().toISOString()));
          if (count % 4 === 0) await setTimeout(1);
        }
        await Promise.all(commits);
        await expectUnchanged(store, await Promise.all(told));
      }));

    it("but the future it holds open, and does not put off what comes", () =>
      using(async ({ store }) => {
        const [before, after] = ["2026-03-01T00:00:00.000Z", "2026-03-01T00:00:05.000Z"];
        const { isOver } = await store.layersAt(TARGETS, after, before);
        expect(isOver).toBe(false);
        expect(await store.commit({ ...accountCommit("root", undefined), at: before })).toMatchObject({
          outcome: "done",
          at: before,
        });
      }));

    it("in an empty store: that nothing was stored", () =>
      using(async ({ store }) => {
        const found = await store.layersAt(
          [{ accountId: undefined, configId: "x" }],
          "2026-01-01T00:00:00.000Z",
          NOW,
        );
        expect(found).toMatchObject({
          newest: undefined,
          isOver: true,
          configs: [{ outcome: "kept", documents: [undefined], sequence: 0 }],
        });
      }));

    it("the sequence after which it was so: that of the last commit at the time", () =>
      using(async ({ store, forgetFeed }) => {
        const root = await store.commit(accountCommit("root", undefined));
        const document = await store.commit(documentCommit(documentKey("root", "x"), { v: 1 }));
        const other = await store.commit(documentCommit(documentKey("root", "y"), { v: 1 }));
        const at = root.outcome === "done" ? root.at : "";
        const target = documentKey("root", "x");
        expect(await configAt(store, target, at)).toMatchObject({ sequence: versionOf(other).sequence });
        const later = {
          ...documentCommit(documentKey("root", "y"), { v: 2 }),
          at: "2026-03-02T00:00:00.000Z",
        };
        versionOf(await store.commit(later));
        expect(await configAt(await forgetFeed(), target, at)).toMatchObject({
          sequence: versionOf(document).sequence,
        });
      }));
  });
}
