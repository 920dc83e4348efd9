import { once } from "node:events";
import { Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import { OPEN_PRINCIPAL as OPEN } from "../../src/auth/principal.js";
import { auditCommand } from "../../src/command/audit-command.js";
import type { ArchiveSource } from "../../src/store/archive.js";
import { openLmdbArchiveSource } from "../../src/store/lmdb/lmdb-archive-source.js";
import { openLmdbStore } from "../../src/store/lmdb/lmdb-store.js";
import { openRedisArchiveSource } from "../../src/store/redis/redis-archive-source.js";
import { openRedisStore } from "../../src/store/redis/redis-store.js";
import { parseRedisUrl } from "../../src/store/redis/redis-url.js";
import type { Store } from "../../src/store/store.js";
import { spawnStrata } from "../archive/strata-process.js";
import { sharedRedisUrl } from "../redis/run-redis.js";
import { until } from "../redis/until.js";
import { Services, SHIPPED_SCHEMAS } from "../service/services.js";
import { temporaryFolder } from "../temporary-folder.js";

interface Opened {
  readonly store: Store;
  readonly openSource: () => Promise<ArchiveSource>;
}
const STORES: readonly (readonly [string, () => Promise<Opened>])[] = [
  [
    "LMDB",
    async () => {
      const folder = temporaryFolder();
      return { store: await openLmdbStore({ folder }), openSource: () => openLmdbArchiveSource({ folder }) };
    },
  ],
  [
    "Redis",
    async () => {
      const options = { target: parseRedisUrl(sharedRedisUrl()), cell: crypto.randomUUID() };
      return { store: await openRedisStore(options), openSource: () => openRedisArchiveSource(options) };
    },
  ],
];

class Lines extends Writable {
  text = "";
  isBroken = false;

  get entries(): Record<string, unknown>[] {
    return this.text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    if (this.isBroken) {
      done(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
      return;
    }
    this.text += chunk.toString();
    done();
  }
}

const now = () => new Date(Date.UTC(2026, 0, 1) + 60_000);

describe.each(STORES)("strata audit on %s", (_, open) => {
  test("prints who did what, oldest first, whatever became of the accounts", async () => {
    const { store, openSource } = await open();
    const services = new Services(store, SHIPPED_SCHEMAS);
    const run = async (...args: string[]) => {
      const [stdout, errors] = [new Lines(), new Lines()];
      await auditCommand(args, { openSource, now, stdout, stderr: errors });
      expect(errors.text).toBe("");
      return stdout.entries;
    };
    expect(await run()).toEqual([]);
    await services.tree(["root"], ["acme", "root"]);
    await services.set("acme", "conferences", { pin_timeout: 3_100 });
    await services.accounts.update({ ...OPEN, subject: "ada" }, { id: "acme", name: "Acme 2" });
    await services.set(undefined, "conferences", { pin_timeout: 3_200 });
    await services.accounts.delete(OPEN, "acme");
    const all = await run();
    const told = ({ cursor, at, ...entry }: Record<string, unknown>) => {
      expect([typeof cursor, typeof at]).toEqual(["string", "string"]);
      return entry;
    };
    const entry = {
      actor: "anonymous",
      accountId: "acme",
      accountName: "acme",
      configId: null,
      revision: null,
      note: null,
    };
    const document = { configId: "conferences", revision: 1, action: "SET" };
    expect(all.map(told)).toEqual([
      { ...entry, action: "CREATE_ACCOUNT", accountId: "root", accountName: "root" },
      { ...entry, action: "CREATE_ACCOUNT" },
      { ...entry, ...document },
      { ...entry, action: "UPDATE_ACCOUNT", actor: "ada", accountName: "Acme 2" },
      { ...entry, ...document, accountId: null, accountName: null },
      { ...entry, action: "DELETE_ACCOUNT", accountName: "Acme 2" },
    ]);
    expect(await run("--account", "acme")).toEqual(all.filter(({ accountId }) => accountId === "acme"));
    expect(await run("--after", String(all[2]?.cursor))).toEqual(all.slice(3));
    expect(await run("--since", String(all[3]?.at))).toEqual(all.slice(3));
    expect(await run("--since", "1h")).toEqual(all);
    expect(await run("--since", "1s")).toEqual([]);
    await store.close();
  });

  test("follows what is done until it is told to end, and until nobody reads it any more", async () => {
    const { store, openSource } = await open();
    const services = new Services(store, SHIPPED_SCHEMAS);
    await services.tree(["root"]);
    const ending = new AbortController();
    const [stdout, broken, stderr] = [new Lines(), new Lines(), new Lines()];
    const context = { openSource, now, stderr };
    const followed = auditCommand(["--follow"], { ...context, stdout, signal: ending.signal });
    const unread = auditCommand(["--follow"], { ...context, stdout: broken });
    await until(
      "both have the first entry",
      async () => stdout.entries.length === 1 && broken.entries.length === 1,
    );
    broken.isBroken = true;
    await services.tree(["acme", "root"], ["other", "root"]);
    await until("the reader has all", async () => stdout.entries.length === 3);
    await unread;
    ending.abort();
    await followed;
    expect([stdout.entries.map(({ accountId }) => accountId), stderr.text]).toEqual([
      ["root", "acme", "other"],
      "",
    ]);
    await store.close();
  });
});

test("a log of which a part is no longer kept goes on with the oldest entry that is, and says so", async () => {
  const folder = temporaryFolder();
  const store = await openLmdbStore({ folder, feedEntries: 5 });
  const services = new Services(store, SHIPPED_SCHEMAS);
  await services.tree(["root"], ...Array.from({ length: 11 }, (_, n): [string, string] => [`a${n}`, "root"]));
  const [stdout, stderr] = [new Lines(), new Lines()];
  const openSource = () => openLmdbArchiveSource({ folder });
  const first = Buffer.from("audit/1").toString("base64url");
  await auditCommand(["--after", first], { openSource, now, stdout, stderr });
  expect(stdout.entries.map(({ accountId }) => accountId)).toEqual(["a6", "a7", "a8", "a9", "a10"]);
  expect(stderr.text).toMatch(/no longer kept/);
  await store.close();
});

test.each([
  [["--account", "~"], /id of an account/],
  [["--after", "x"], /cursor/],
  [["--since", "yesterday"], /2h/],
  [["log"], /options alone/],
])("%j is not understood", async (args, message) => {
  const context = { openSource: () => Promise.reject(), now, stdout: new Lines(), stderr: new Lines() };
  await expect(auditCommand(args, context)).rejects.toThrow(message);
});

test.each(["SIGINT", "SIGTERM"] as const)("the command ends without an error at %s", async (signal) => {
  const folder = temporaryFolder();
  const store = await openLmdbStore({ folder });
  await new Services(store, SHIPPED_SCHEMAS).tree(["root"]);
  const { child, ended } = spawnStrata(["audit", "--follow", `--store=lmdb:${folder}`]);
  await once(child.stdout ?? process.stdin, "data");
  child.kill(signal);
  const { code, output, errors } = await ended;
  expect([code, errors, output.split("\n").length]).toEqual([0, "", 2]);
  await store.close();
});
