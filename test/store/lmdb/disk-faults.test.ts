import { once } from "node:events";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { cases } from "../../cases.js";
import { startFairClock } from "../../fair-time.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { TestProcess } from "../../test-process.js";
import { compileShim } from "./fault-shim.js";

const ROUNDS = cases(4);
const childFile = new URL("crash-process.ts", import.meta.url);

interface Answer {
  readonly outcome: string;
  readonly replayed?: boolean;
  readonly cause?: string;
  readonly version?: { readonly revision: number; readonly sequence: number };
}

/** A store in a process of its own, asked line by line. */
class RemoteStore extends TestProcess {
  constructor(folder: string, environment: NodeJS.ProcessEnv) {
    super(childFile, ["serve", folder], environment);
  }

  put(configId: string, value: string, id?: string): Promise<Answer> {
    return this.ask({ put: { configId, value, id } });
  }

  /** The values of these documents; null for what is not there. */
  get(...configIds: string[]): Promise<(string | null)[] | Answer> {
    return this.ask({ get: configIds });
  }

  still(): Promise<unknown> {
    return this.ask({ still: true });
  }

  /** Why it takes no writes; null: it does. */
  async probe(): Promise<string | null> {
    return (await this.ask<{ obstacle: string | null }>({ probe: true })).obstacle;
  }
}

describe.skipIf(process.platform !== "linux")("The LMDB store on a disk that fails", () => {
  let tools: string;
  let shim: string;
  let folder: string;
  let control: string;
  beforeAll(async () => {
    tools = await mkdtemp(join(tmpdir(), "strata-shim-"));
    shim = compileShim(tools);
  });
  afterAll(() => rm(tools, { recursive: true, force: true }));
  beforeEach(() => {
    folder = temporaryFolder();
    control = join(folder, "fault");
  });

  const start = (environment: NodeJS.ProcessEnv, at = join(folder, "store")): Promise<RemoteStore> =>
    new RemoteStore(at, environment).ready();
  const startFaulty = () => start({ LD_PRELOAD: shim, FAULT_CONTROL: control });
  const startHealthy = () => start({});
  const fail = (how: string) => writeFile(control, how);
  const heal = () => rm(control);
  const interferences = () =>
    stat(`${control}.count`).then(
      ({ size }) => size,
      () => 0,
    );

  const faults = [
    { fault: "nospace", outcome: "notApplied", why: /full/ },
    { fault: "toobig", outcome: "notApplied", why: /size limit/ },
    { fault: "short", outcome: "notApplied", why: /full or fails/ },
    { fault: "meta", outcome: "notApplied", why: /full or fails/ },
    { fault: "sync", outcome: "unknown", why: /full or fails/ },
  ];
  it.each(faults)("says $outcome while it lasts ($fault), reads on, and goes on after it", async (row) => {
    const store = await startFaulty();
    const acknowledged = new Map<string, string>();
    const names = ["kept", "fresh", "during0", "during1", "during2", "during3", "during4"];
    const expected = () => names.map((name) => acknowledged.get(name) ?? null);
    const acknowledge = async (name: string, value: string) => {
      expect(await store.put(name, value)).toMatchObject({ outcome: "done", replayed: false });
      acknowledged.set(name, value);
    };
    for (let n = 0; n < 20; n++) await acknowledge("kept", `before ${n}`);
    expect(await interferences()).toBe(0);
    expect(await store.still()).toBe(true);

    await fail(row.fault);
    for (let n = 0; n < 5; n++) {
      const answer = await store.put(n % 2 === 0 ? "kept" : `during${n}`, "never acknowledged");
      expect(answer).toMatchObject({ outcome: row.outcome, cause: expect.stringMatching(row.why) });
      expect(answer.cause).toContain(join(folder, "store"));
      expect(await store.get(...names)).toEqual(expected());
    }
    expect(await interferences()).toBeGreaterThanOrEqual(5);
    expect(store.child.exitCode).toBeNull();

    await heal();
    for (let n = 0; n < 20; n++) await acknowledge("fresh", `after ${n}`);
    // A commit that was seen, and is gone, may have had the same sequence.
    expect(await store.still()).toBe(false);
    expect(await store.get(...names)).toEqual(expected());
    expect(store.errors).not.toMatch(/unhandled/i);

    await store.kill();
    const fresh = await startHealthy();
    expect(await fresh.get(...names)).toEqual(expected());
    expect(await fresh.put("fresh", "last")).toMatchObject({ outcome: "done", version: { revision: 21 } });
  });

  it("knows that writes fail without one, and that they are taken again, whatever is wrong", async () => {
    // Side by side: what is looked at is looked at once a second.
    await Promise.all(
      faults.map(async ({ fault, why }) => {
        const [own, isFailing] = [join(folder, fault), join(folder, `${fault}.control`)];
        const store = await start({ LD_PRELOAD: shim, FAULT_CONTROL: isFailing }, own);
        expect(await store.put("a", "first")).toMatchObject({ outcome: "done" });
        expect(await store.probe()).toBeNull();
        await writeFile(isFailing, fault);
        await new Promise((resolve) => setTimeout(resolve, 1_100));
        expect([fault, await store.probe()]).toEqual([fault, expect.stringMatching(why)]);
        expect(await store.get("a")).toEqual(["first"]);
        await rm(isFailing);
        await new Promise((resolve) => setTimeout(resolve, 1_100));
        expect([fault, await store.probe()]).toEqual([fault, null]);
        expect(await store.put("a", "second")).toMatchObject({ outcome: "done", version: { sequence: 2 } });
      }),
    );
  });

  it("remembers a write that failed, and takes it for a sign of others until as large a one is taken", async () => {
    const store = await startFaulty();
    await fail("nospace");
    expect(await store.put("a", "x".repeat(200_000))).toMatchObject({ outcome: "notApplied" });
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await store.probe()).toMatch(/full/);
    await heal();
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await store.probe()).toBeNull();
  });

  it("says that the disk does not answer, within two seconds", async () => {
    const store = await startFaulty();
    expect(await store.put("a", "first")).toMatchObject({ outcome: "done" });
    await fail("slow");
    const elapsed = startFairClock();
    expect(await store.probe()).toMatch(/did not answer/);
    expect(elapsed()).toBeLessThan(2_000);
    expect(await store.get("a")).toEqual(["first"]);
  });

  it("survives a fault that comes and goes under load, again and again", async () => {
    const store = await startFaulty();
    const last = new Map<string, string>();
    let doubtful = 0;
    for (let round = 0; round < ROUNDS; round++) {
      for (const how of ["nospace", "short", "sync", "meta"]) {
        await fail(how);
        const burst = Array.from({ length: 20 }, (_, n) => store.put(`c${n}`, `${how} ${round}`));
        for (const answer of await Promise.all(burst)) {
          expect(["notApplied", "unknown"]).toContain(answer.outcome);
          doubtful++;
        }
        await heal();
        const names = Array.from({ length: 20 }, (_, n) => `c${n}`);
        for (const name of names) {
          expect(await store.put(name, `${how} ${round} healed`)).toMatchObject({ outcome: "done" });
          last.set(name, `${how} ${round} healed`);
        }
        expect(await store.get(...names)).toEqual(names.map((name) => last.get(name)));
      }
    }
    expect(doubtful).toBe(ROUNDS * 80);
    await store.kill();
    const fresh = await startHealthy();
    expect(await fresh.get(...last.keys())).toEqual([...last.values()]);
    // Every write that was done, and none besides: the counter of commits has no gap and no surplus.
    expect(await fresh.put("counter", "")).toMatchObject({ version: { sequence: ROUNDS * 80 + 1 } });
  });

  it("lets a retry find out what became of a commit that it could not tell", async () => {
    const store = await startFaulty();
    expect(await store.put("a", "first")).toMatchObject({ outcome: "done" });
    await fail("sync");
    expect(await store.put("a", "second", "operation 2")).toMatchObject({ outcome: "unknown" });
    await heal();
    expect(await store.put("a", "second", "operation 2")).toMatchObject({ outcome: "done", replayed: false });
    expect(await store.get("a")).toEqual(["second"]);
  });

  it("shows a commit that failed and yet is there only when it is safely on disk", async () => {
    const store = await startFaulty();
    expect(await store.put("a", "first")).toMatchObject({ outcome: "done" });
    await fail("meta-sticks");
    expect(await store.put("a", "second", "operation 2")).toMatchObject({ outcome: "unknown" });
    expect(await store.get("a")).toMatchObject({ outcome: "STORE_UNAVAILABLE" });
    expect(await store.put("b", "other")).toMatchObject({ outcome: "notApplied" });
    await heal();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await store.get("a", "b")).toEqual(["second", null]);
    expect(await store.put("a", "second", "operation 2")).toMatchObject({ outcome: "done", replayed: true });
    await store.kill();
    expect(await (await startHealthy()).get("a", "b")).toEqual(["second", null]);
  });

  it("says done when a commit had only seemed to fail", async () => {
    const store = await startFaulty();
    expect(await store.put("a", "first")).toMatchObject({ outcome: "done" });
    await fail("meta-once");
    expect(await store.put("a", "second", "operation 2")).toMatchObject({ outcome: "done", replayed: false });
    expect(await interferences()).toBeGreaterThan(0);
    expect(await store.get("a")).toEqual(["second"]);
    expect(await store.put("a", "second", "operation 2")).toMatchObject({ outcome: "done", replayed: true });
    await store.kill();
    expect(await (await startHealthy()).get("a")).toEqual(["second"]);
  });

  it("answers within two seconds when the disk takes longer", async () => {
    const store = await startFaulty();
    expect(await store.put("a", "first")).toMatchObject({ outcome: "done" });
    await fail("slow");
    const elapsed = startFairClock();
    const answer = await store.put("a", "second", "operation 2");
    expect(elapsed()).toBeLessThan(2_000);
    expect(answer).toMatchObject({ outcome: "unknown" });
    expect(await store.get("a")).toEqual(["first"]);
    await heal();
    expect(await store.put("a", "second", "operation 2")).toMatchObject({ outcome: "done", replayed: true });
    expect(await interferences()).toBeGreaterThan(0);
  });

  it("replays what has long been on disk even while nothing can be written", async () => {
    const store = await startFaulty();
    expect(await store.put("a", "first", "operation 1")).toMatchObject({ outcome: "done" });
    await fail("nospace");
    const answers = await Promise.all([
      store.put("b", "new"),
      store.put("a", "first", "operation 1"),
      store.put("c", "new"),
    ]);
    expect(answers.map(({ outcome }) => outcome)).toEqual(["notApplied", "done", "notApplied"]);
  });

  it("says why when the store cannot even be made", async () => {
    await fail("nospace");
    const store = new RemoteStore(join(folder, "store"), { LD_PRELOAD: shim, FAULT_CONTROL: control });
    expect(await once(store.child, "close")).toEqual([1, null]);
    expect(store.errors).toMatch(/STORE_UNAVAILABLE/);
    expect(store.errors).toMatch(/disk is full.*Make room/);
    await heal();
    await startFaulty();
  });
});
