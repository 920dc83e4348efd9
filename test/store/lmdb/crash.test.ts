import { spawn } from "node:child_process";
import { once } from "node:events";
import { open } from "lmdb";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/domain/json/json.js";
import { openLmdbStore } from "../../../src/store/lmdb/lmdb-store.js";
import { parseBlame, parseDocument, SYSTEM_OWNER, storedDocument } from "../../../src/store/records.js";
import type { Version } from "../../../src/store/store.js";
import { builtProcess } from "../../built-processes.js";
import { cases } from "../../cases.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { storedDocuments } from "../stored-documents.js";

const FOLDERS = 2;
const KILLS_EACH = process.env.STRATA_TEST_LONG === "1" ? 50 : cases(6);
const childFile = new URL("crash-process.ts", import.meta.url);

/** What the child prints for a commit that the store acknowledged. */
interface Acknowledged {
  readonly configId: string;
  readonly mark: string;
  readonly isRemoval: boolean;
  readonly version: Version;
}

/** Lets a child write into the folder and kills it somewhere in the middle. */
async function writeAndKill(folder: string, name: string): Promise<Acknowledged[]> {
  const child = spawn(process.execPath, [builtProcess(childFile), "write", folder, name], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  let timer: NodeJS.Timeout | undefined;
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    said += chunk;
    timer ??= setTimeout(() => child.kill("SIGKILL"), 20 + Math.random() * 200);
  });
  const [code, signal] = await once(child, "close");
  clearTimeout(timer);
  expect([code, signal]).toEqual([null, "SIGKILL"]);
  const lines = said.slice(0, said.lastIndexOf("\n")).split("\n");
  expect(lines[0]).toBe("ready");
  return lines.slice(1).map((line) => JSON.parse(line));
}

function expectWhole(override: JsonObject | undefined): void {
  if (override === undefined) return;
  const { mark, filling, length } = override;
  if (typeof mark !== "string" || typeof length !== "number")
    throw new Error("not a document of the child's");
  expect(filling === mark.repeat(length)).toBe(true);
}

const revisionKey = (configId: string, revision: number) => `${configId} ${revision}`;

class Ledger {
  readonly #acknowledged = new Map<string, Acknowledged>();
  readonly #newest = new Map<string, Acknowledged>();
  /** Up to which revision a document's history has been looked at. */
  readonly #checked = new Map<string, number>();

  add(commits: readonly Acknowledged[]): void {
    for (const commit of commits) {
      const key = revisionKey(commit.configId, commit.version.revision);
      expect(this.#acknowledged.has(key), `${key} was acknowledged twice`).toBe(false);
      this.#acknowledged.set(key, commit);
      const newest = this.#newest.get(commit.configId);
      if (newest === undefined || newest.version.revision < commit.version.revision)
        this.#newest.set(commit.configId, commit);
    }
  }

  get size(): number {
    return this.#acknowledged.size;
  }

  /** Through the port: on each key the newest acknowledged write, or one that came after it. */
  async expectCurrent(folder: string): Promise<void> {
    const store = await openLmdbStore({ folder });
    const newest = [...this.#newest.values()];
    const keys = newest.map(({ configId }) => ({ accountId: undefined, configId }));
    const documents = await storedDocuments(store, keys);
    await store.close();
    for (const [index, { mark, isRemoval, version }] of newest.entries()) {
      const document = documents[index];
      if (document === undefined) throw new Error(`${mark} was acknowledged and is gone`);
      expectWhole(document.override);
      expect(document.version.revision).toBeGreaterThanOrEqual(version.revision);
      if (document.version.revision > version.revision) continue;
      expect(document.version).toEqual(version);
      expect(document.override?.mark).toBe(isRemoval ? undefined : mark);
    }
  }

  /**
   * In the file: every revision of a document once, from the oldest that is kept to its current one, each as it was
   * acknowledged, with the blame of the current one, and as many commits as revisions. Looks at what has come since the last time; `again` looks at all of it.
   */
  async expectHistory(folder: string, { again }: { again: boolean }): Promise<void> {
    if (again) this.#checked.clear();
    const raw = open<string>({ path: folder, noSubdir: false, encoding: "string", readOnly: true });
    const current = new Map<string, number>();
    for (const { key, value } of raw.getRange({ start: ["d", SYSTEM_OWNER], end: ["d", "\x7f"] })) {
      const [, , configId] = key as [string, string, string];
      const { version, text } = parseDocument(value);
      current.set(configId, version.revision);
      const blame = parseBlame(raw.get(["b", SYSTEM_OWNER, configId]) ?? "");
      const mark = text === undefined ? undefined : JSON.parse(text).mark;
      expect(blame).toEqual(mark === undefined ? undefined : { version, text: mark });
    }
    for (const [configId, revision] of current) {
      const [oldest] = raw.getKeys({ start: ["h", SYSTEM_OWNER, configId, 0], limit: 1 });
      const kept = Number((oldest as EntryKey)[3]);
      this.#checked.set(configId, Math.max(this.#checked.get(configId) ?? 0, kept - 1));
      const start = ["h", SYSTEM_OWNER, configId, (this.#checked.get(configId) ?? 0) + 1];
      const end = ["h", SYSTEM_OWNER, configId, Number.MAX_SAFE_INTEGER];
      for (const { key, value } of raw.getRange({ start, end })) this.#expectEntry(key as EntryKey, value);
      expect(this.#checked.get(configId)).toBe(revision);
    }
    for (const { configId, version } of this.#newest.values())
      expect(current.get(configId)).toBeGreaterThanOrEqual(version.revision);
    const sequence = Number(raw.get("seq"));
    const feed = [...raw.getKeys({ start: ["feed", 0], end: ["feed", Number.MAX_SAFE_INTEGER] })];
    await raw.close();
    expect([...current.values()].reduce((sum, revision) => sum + revision, 0)).toBe(sequence);
    expect(feed).toHaveLength(sequence);
    // It may have been killed before its first commit.
    if (sequence > 0) expect(feed.at(-1)).toEqual(["feed", sequence]);
  }

  #expectEntry([, , configId, revision]: EntryKey, value: string): void {
    expect(revision).toBe((this.#checked.get(configId) ?? 0) + 1);
    this.#checked.set(configId, revision);
    const { version, override } = storedDocument(value);
    expectWhole(override);
    const acknowledged = this.#acknowledged.get(revisionKey(configId, revision));
    if (acknowledged === undefined) return;
    expect(version).toEqual(acknowledged.version);
    expect(override?.mark).toBe(acknowledged.isRemoval ? undefined : acknowledged.mark);
  }
}

type EntryKey = [kind: string, accountId: string, configId: string, revision: number];

describe("The LMDB store in a process that is killed while it writes", () => {
  it(`has every acknowledged commit after each of ${FOLDERS * KILLS_EACH} kills, whole`, {
    timeout: 600_000,
  }, async () => {
    const ledgers = await Promise.all(Array.from({ length: FOLDERS }, writeKilled));
    for (const ledger of ledgers) expect(ledger.size).toBeGreaterThan(0);
  });

  async function writeKilled(): Promise<Ledger> {
    const folder = temporaryFolder();
    const ledger = new Ledger();
    for (let kill = 0; kill < KILLS_EACH; kill++) {
      ledger.add(await writeAndKill(folder, `k${kill}`));
      await ledger.expectCurrent(folder);
      await ledger.expectHistory(folder, { again: kill === KILLS_EACH - 1 });
    }
    return ledger;
  }
});
