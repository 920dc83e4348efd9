import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

const source = fileURLToPath(new URL("fault-shim.c", import.meta.url));
const childFile = fileURLToPath(new URL("crash-writer.ts", import.meta.url));

function compileShim(into: string): string {
  const shim = join(into, "fault-shim.so");
  try {
    execFileSync("cc", ["-shared", "-fPIC", "-O1", "-o", shim, source], { stdio: "pipe" });
  } catch (error) {
    throw new Error(
      "This test breaks the disk for real and needs a C compiler for that: install one that answers to `cc` " +
        `(Debian: apt-get install gcc libc6-dev; Alpine: apk add build-base). ${String(error)}`,
    );
  }
  return shim;
}

interface Answer {
  readonly outcome: string;
  readonly replayed?: boolean;
  readonly cause?: string;
  readonly version?: { readonly revision: number; readonly sequence: number };
}

/** A store in a process of its own, asked line by line. */
class RemoteStore {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  errors = "";

  constructor(folder: string, environment: NodeJS.ProcessEnv) {
    const child = spawn(process.execPath, ["--import", "tsx", childFile, "serve", folder], {
      env: { ...process.env, ...environment },
      stdio: ["pipe", "pipe", "pipe"],
    });
    child.stderr.on("data", (chunk) => {
      this.errors += String(chunk);
    });
    this.#lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    this.child = child;
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`the process with the store ended: ${this.errors}`);
    return value;
  }

  async ready(): Promise<this> {
    expect(await this.#line()).toBe("ready");
    return this;
  }

  async put(configId: string, value: string, id?: string): Promise<Answer> {
    this.child.stdin?.write(`${JSON.stringify({ put: { configId, value, id } })}\n`);
    return JSON.parse(await this.#line());
  }

  /** The values of these documents; null for what is not there. */
  async get(...configIds: string[]): Promise<(string | null)[] | Answer> {
    this.child.stdin?.write(`${JSON.stringify({ get: configIds })}\n`);
    return JSON.parse(await this.#line());
  }

  async still(): Promise<unknown> {
    this.child.stdin?.write(`${JSON.stringify({ still: true })}\n`);
    return JSON.parse(await this.#line());
  }

  /** Why it takes no writes; null: it does. */
  async probe(): Promise<string | null> {
    this.child.stdin?.write(`${JSON.stringify({ probe: true })}\n`);
    return JSON.parse(await this.#line()).obstacle;
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exit = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await exit;
  }
}

describe.skipIf(process.platform !== "linux")("The LMDB store on a disk that fails", () => {
  let tools: string;
  let shim: string;
  let folder: string;
  let control: string;
  let remotes: RemoteStore[];
  beforeAll(async () => {
    tools = await mkdtemp(join(tmpdir(), "strata-shim-"));
    shim = compileShim(tools);
  });
  afterAll(() => rm(tools, { recursive: true, force: true }));
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "strata-faults-"));
    control = join(folder, "fault");
    remotes = [];
  });
  afterEach(async () => {
    for (const remote of remotes) await remote.end();
    await rm(folder, { recursive: true, force: true });
  });

  const start = (environment: NodeJS.ProcessEnv): Promise<RemoteStore> => {
    const remote = new RemoteStore(join(folder, "store"), environment);
    remotes.push(remote);
    return remote.ready();
  };
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

    await store.end();
    const fresh = await startHealthy();
    expect(await fresh.get(...names)).toEqual(expected());
    expect(await fresh.put("fresh", "last")).toMatchObject({ outcome: "done", version: { revision: 21 } });
  });

  it.each(faults)(
    "knows that writes fail ($fault) without one, and that they are taken again",
    async (row) => {
      const store = await startFaulty();
      expect(await store.put("a", "first")).toMatchObject({ outcome: "done" });
      expect(await store.probe()).toBeNull();
      await fail(row.fault);
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      expect(await store.probe()).toMatch(row.why);
      expect(await store.get("a")).toEqual(["first"]);
      await heal();
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      expect(await store.probe()).toBeNull();
      expect(await store.put("a", "second")).toMatchObject({ outcome: "done", version: { sequence: 2 } });
    },
  );

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
    const start = performance.now();
    expect(await store.probe()).toMatch(/did not answer/);
    expect(performance.now() - start).toBeLessThan(2_000);
    expect(await store.get("a")).toEqual(["first"]);
  });

  it("survives a fault that comes and goes under load, again and again", async () => {
    const store = await startFaulty();
    const last = new Map<string, string>();
    let doubtful = 0;
    for (let round = 0; round < 12; round++) {
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
    expect(doubtful).toBe(960);
    await store.end();
    const fresh = await startHealthy();
    expect(await fresh.get(...last.keys())).toEqual([...last.values()]);
    // Every write that was done, and none besides: the counter of commits has no gap and no surplus.
    expect(await fresh.put("counter", "")).toMatchObject({ version: { sequence: 961 } });
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
    await store.end();
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
    await store.end();
    expect(await (await startHealthy()).get("a")).toEqual(["second"]);
  });

  it("answers within two seconds when the disk takes longer", async () => {
    const store = await startFaulty();
    expect(await store.put("a", "first")).toMatchObject({ outcome: "done" });
    await fail("slow");
    const start = performance.now();
    const answer = await store.put("a", "second", "operation 2");
    expect(performance.now() - start).toBeLessThan(2_000);
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
    remotes.push(store);
    expect(await once(store.child, "close")).toEqual([1, null]);
    expect(store.errors).toMatch(/STORE_UNAVAILABLE/);
    expect(store.errors).toMatch(/disk is full.*Make room/);
    await heal();
    await startFaulty();
  });
});
