import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openLmdbStore } from "../../src/store/lmdb/lmdb-store.js";
import { openRedisStore } from "../../src/store/redis/redis-store.js";
import { parseRedisUrl } from "../../src/store/redis/redis-url.js";
import type { Store } from "../../src/store/store.js";
import { strata } from "../archive/strata-process.js";
import { sharedRedisUrl } from "../redis/run-redis.js";
import { accountCommit, documentCommit, documentKey, versionOf } from "../store/store-contract.js";
import { schemaFolder, temporaryFolder } from "../temporary-folder.js";

const second = (at: number) => new Date(Date.UTC(2026, 2, 1, 0, 0, at)).toISOString();

/** A store that is open, where it is, and what it takes to find it there. */
interface Opened {
  readonly store: Store;
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
}

const STORES: Readonly<Record<string, () => Promise<Opened>>> = {
  async LMDB() {
    const folder = join(temporaryFolder(), "store");
    return { store: await openLmdbStore({ folder }), url: `lmdb:${folder}`, env: {} };
  },
  async Redis() {
    const [url, cell] = [sharedRedisUrl(), randomUUID()];
    const store = await openRedisStore({ target: parseRedisUrl(url), cell });
    return { store, url, env: { STRATA_CELL: cell } };
  },
};

test.each(Object.entries(STORES))(
  "on %s strata diff tells people and programs what differs, who did it and why, beside a server that writes",
  async (_, open) => {
    const schemas = schemaFolder({ "account_config.x": { additionalProperties: true } });
    const { store, url, env } = await open();
    try {
      versionOf(await store.commit({ ...accountCommit("root", undefined), at: second(0) }));
      const key = documentKey("root", "x");
      versionOf(await store.commit({ ...documentCommit(key, { a: 1 }), at: second(1) }));
      versionOf(await store.commit({ ...documentCommit(key, { a: 2 }), at: second(3), note: "ticket 7" }));
      const diff = (...args: string[]) =>
        strata(["diff", "--account", "root", "--config", "x", "--store", url, ...args], {
          STRATA_SCHEMAS: schemas,
          ...env,
        });
      const told = await diff("--since", second(2));
      expect(told).toMatchObject({ code: 0, errors: "" });
      expect(told.output).toContain("1 field differs in x of root");
      expect(told.output).toContain(
        '/a\n  1 -> 2  (ACCOUNT)\n  by "tester" at 2026-03-01T00:00:03.000Z, revision 2',
      );
      expect(told.output).toContain('note: "ticket 7"');
      const json = await diff("--since", second(2), "--json");
      expect(JSON.parse(json.output)).toMatchObject({
        since: second(2),
        changes: [
          { pointer: "/a", before: 1, after: 2, by: { actor: "tester", revision: 2, note: "ticket 7" } },
        ],
      });
      expect((await diff("--since", second(1), "--until", second(2))).output).toMatch(/^Nothing differs/);
      const early = await diff("--since", "1970-01-01T00:00:00Z");
      expect(early).toMatchObject({ code: 1, output: "" });
      expect(early.errors).toContain("no account root at 1970-01-01T00:00:00");
      expect(early.errors).toContain("strata audit --account root");
      expect(await diff("--since", "tomorrow")).toMatchObject({ code: 2, output: "" });
      expect(await diff()).toMatchObject({ code: 2, output: "" });
    } finally {
      await store.close();
    }
  },
);
