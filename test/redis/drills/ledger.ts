import { type DocumentRecord, ownerOf, parseChange, parseDocument } from "../../../src/store/records.js";
import { RedisKeys } from "../../../src/store/redis/redis-keys.js";
import {
  type Change,
  type Commit,
  type DocumentKey,
  sameVersion,
  type Version,
  versionText,
} from "../../../src/store/store.js";
import type { RedisServer } from "../redis-server.js";

/** Everything that a cell holds, read past the store: what is checked is not asked to vouch for itself. */
export interface Kept {
  readonly sequence: number;
  readonly feed: readonly Change[];
  /** By owner and config id. */
  readonly documents: ReadonlyMap<string, KeptDocument>;
}

interface KeptDocument {
  /** From revision 1 on. */
  readonly history: readonly DocumentRecord[];
  readonly current: DocumentRecord;
  /** As it is kept apart from the document. */
  readonly version: string;
}

/** What is wrong with what a store has kept, in sentences. */
export interface Findings {
  /** Acknowledged and not there. */
  readonly lost: readonly string[];
  /** There, and nobody wrote it, or its writer was told that it was not written, or it is there twice. */
  readonly ghosts: readonly string[];
  /** The parts of the store contradict each other. */
  readonly uneven: readonly string[];
}

export const NOTHING_WRONG: Findings = { lost: [], ghosts: [], uneven: [] };

interface Entry {
  readonly commit: Commit;
  /** Undefined: its writer has not been told yet. */
  ending: Version | "refused" | undefined;
}

/**
 * Remembers what writers have sent and been told, and holds a store to it. A commit is known by its `by`: no two have the
 * same.
 */
export class Ledger {
  readonly #entries = new Map<string, Entry>();
  readonly #newest = new Map<string, Version>();
  #acknowledged = 0;
  #sequence = 0;

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** The highest that was acknowledged. */
  get sequence(): number {
    return this.#sequence;
  }

  /** How many commits have been sent whose outcome is not known. */
  get open(): number {
    return [...this.#entries.values()].filter(({ ending }) => ending === undefined).length;
  }

  /** The newest acknowledged version of a document. */
  newest(key: DocumentKey): Version | undefined {
    return this.#newest.get(nameOf(key));
  }

  /** To be called before a commit is sent for the first time. */
  begin(commit: Commit): void {
    if (this.#entries.has(commit.by)) throw new Error(`${commit.by} is not a new commit`);
    this.#entries.set(commit.by, { commit, ending: undefined });
  }

  acknowledge(commit: Commit, version: Version): void {
    this.#end(commit, version);
    this.#acknowledged++;
    this.#sequence = Math.max(this.#sequence, version.sequence);
    const name = nameOf(keyOfWrite(commit));
    if ((this.#newest.get(name)?.revision ?? 0) < version.revision) this.#newest.set(name, version);
  }

  /** Its writer was told for certain that it is not there. */
  refuse(commit: Commit): void {
    this.#end(commit, "refused");
  }

  /** Makes sense only while nobody writes. */
  findings(kept: Kept): Findings {
    return { lost: this.#lost(kept), ghosts: this.#ghosts(kept), uneven: [...uneven(kept)] };
  }

  #end(commit: Commit, ending: Version | "refused"): void {
    const entry = this.#entries.get(commit.by);
    if (entry === undefined || entry.ending !== undefined)
      throw new Error(`${commit.by} was not begun, or has ended before`);
    entry.ending = ending;
  }

  #lost({ documents }: Kept): string[] {
    const lost: string[] = [];
    for (const [mark, { commit, ending }] of this.#entries) {
      if (ending === undefined || ending === "refused") continue;
      const history = documents.get(nameOf(keyOfWrite(commit)))?.history;
      const record = history?.[ending.revision - 1];
      if (record?.by !== mark || !sameVersion(record.version, ending))
        lost.push(`${mark} was acknowledged as ${versionText(ending)}, and there is ${told(record)}`);
    }
    return lost;
  }

  #ghosts({ documents }: Kept): string[] {
    const ghosts: string[] = [];
    const seen = new Set<string>();
    for (const [name, { history }] of documents) {
      for (const [index, record] of history.entries()) {
        const problem = seen.has(record.by)
          ? "is there twice"
          : this.#ghost(name, record, history[index - 1]);
        if (problem !== undefined) ghosts.push(`${told(record)} of ${name} ${problem}`);
        seen.add(record.by);
      }
    }
    return ghosts;
  }

  #ghost(name: string, record: DocumentRecord, before: DocumentRecord | undefined): string | undefined {
    const entry = this.#entries.get(record.by);
    if (entry === undefined) return "was written by nobody";
    const { commit, ending } = entry;
    if (ending === "refused") return "was refused";
    if (nameOf(keyOfWrite(commit)) !== name) return "belongs to another document";
    if (record.text !== textOf(commit)) return "is not what was sent";
    const [expected] = commit.expect.documents;
    if (expected !== undefined && !sameVersion(expected.version, before?.version))
      return `expected ${versionText(expected.version)} before it, and follows ${versionText(before?.version)}`;
    return undefined;
  }
}

/** A server's own account of a cell. */
export async function keptIn(server: Asked, cell: string): Promise<Kept> {
  const keys = new RedisKeys(cell);
  const prefix = `${keys.prefix}h:`;
  const histories = texts(await server.command("KEYS", `${prefix}*`));
  const documents = new Map<string, KeptDocument>();
  for (const key of histories) {
    const name = key.slice(prefix.length);
    const [owner = "", configId = ""] = name.split(":");
    const ids = { accountId: owner, configId };
    const [record, version] = texts(await server.command("MGET", keys.document(ids), keys.version(ids)));
    if (record === undefined || version === undefined) throw new Error(`${key} has no document`);
    const history = (await listAt(server, key)).map(parseDocument);
    documents.set(name, { history, current: parseDocument(record), version });
  }
  const sequence = Number(await server.command("GET", keys.sequence));
  return { sequence, feed: await feedAt(server, keys.feed), documents };
}

type Asked = Pick<RedisServer, "command">;
const PAGE = 1_000;

async function listAt(server: Asked, key: string): Promise<string[]> {
  const all: string[] = [];
  for (;;) {
    const page = texts(
      await server.command("LRANGE", key, String(all.length), String(all.length + PAGE - 1)),
    );
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}

async function feedAt(server: Asked, key: string): Promise<Change[]> {
  const all: Change[] = [];
  for (let from = "-"; ; ) {
    const page = (await server.command("XRANGE", key, from, "+", "COUNT", String(PAGE))) as FeedEntry[];
    for (const [id, [, record = ""]] of page) {
      all.push(parseChange(record));
      from = `(${id}`;
    }
    if (page.length < PAGE) return all;
  }
}

type FeedEntry = [id: string, fields: string[]];

function texts(answer: unknown): string[] {
  if (!Array.isArray(answer)) throw new Error(`not a list: ${String(answer)}`);
  return answer;
}

function* uneven({ sequence, feed, documents }: Kept): Generator<string> {
  const bySequence = new Map<number, readonly [name: string, record: DocumentRecord]>();
  for (const [name, { history, current, version }] of documents) {
    for (const [index, record] of history.entries()) {
      if (record.version.revision !== index + 1) yield `revision ${index + 1} of ${name} is ${told(record)}`;
      bySequence.set(record.version.sequence, [name, record]);
    }
    const last = history.at(-1);
    if (last === undefined || told(last) !== told(current) || last.text !== current.text)
      yield `${name} is ${told(current)}, and the last of its history ${told(last)}`;
    if (version !== versionText(current.version)) yield `${name} is ${told(current)}, its version ${version}`;
  }
  const commits = [...documents.values()].reduce((sum, { history }) => sum + history.length, 0);
  if (commits !== sequence) yield `the sequence is ${sequence}, and there are ${commits} commits`;
  if (feed.length !== sequence) yield `the sequence is ${sequence}, and the feed tells of ${feed.length}`;
  for (const [index, change] of feed.entries()) {
    const [name, record] = bySequence.get(index + 1) ?? [];
    const isTold =
      change.on === "document" &&
      nameOf(change.key) === name &&
      record !== undefined &&
      change.by === record.by &&
      change.kind === record.kind &&
      sameVersion(change.version, record.version);
    if (!isTold)
      yield `change ${index + 1} in the feed is ${JSON.stringify(change)}, not ${told(record)} of ${name}`;
  }
}

function told(record: DocumentRecord | undefined): string {
  return record === undefined ? "nothing" : `${record.by} as ${versionText(record.version)}`;
}

function keyOfWrite({ write }: Commit): DocumentKey {
  if (write.on !== "document") throw new Error("the ledger knows documents only");
  return write.key;
}

function textOf({ write }: Commit): string | undefined {
  return write.on === "document" && write.override !== undefined ? JSON.stringify(write.override) : undefined;
}

function nameOf(key: DocumentKey): string {
  return `${ownerOf(key)}:${key.configId}`;
}
