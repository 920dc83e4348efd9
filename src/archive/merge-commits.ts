import { createHash, randomUUID } from "node:crypto";
import { blameAfter, blameText } from "../domain/change/blame.js";
import { StrataError } from "../domain/errors.js";
import { equals } from "../domain/json/json.js";
import { sameConstraints } from "../domain/merge/constraint.js";
import { blamedDocument } from "../service/read/blamed-document.js";
import { type Attempt, commitUntilDone } from "../service/write/commit-until-done.js";
import type { ArchivedWrite } from "../store/archive.js";
import { parseDocumentText } from "../store/document-text.js";
import {
  type AccountRecord,
  type Commit,
  type DocumentContent,
  type Store,
  versionText,
} from "../store/store.js";
import { nameOf } from "./verified-export.js";

/** How much was written; what the store had already is not counted. */
export interface MergeSummary {
  readonly accounts: number;
  readonly documents: number;
}

export interface MergeDependencies {
  readonly store: Store;
  readonly now: () => Date;
  /** The digest of the export. */
  readonly sha256: string;
}

const AUTHOR = "import";
const WRITES_AT_ONCE = 100;
/** So many share the attention of one disk, so each may take its time. */
const COMMIT_WITHIN_MS = 30_000;

/** The commits of a merge, which are like everybody else's: each decides on what the store has when it is made. */
export class MergeCommits {
  readonly #dependencies: MergeDependencies;
  #accounts = 0;
  #documents = 0;

  constructor(dependencies: MergeDependencies) {
    this.#dependencies = dependencies;
  }

  get summary(): MergeSummary {
    return { accounts: this.#accounts, documents: this.#documents };
  }

  /** Creates accounts whose parents are there. */
  async create(accounts: readonly AccountRecord[]): Promise<void> {
    await inGroups(accounts, async (account) => {
      if (await this.#commit(() => this.#creation(account))) this.#accounts++;
    });
  }

  /** Gives documents the overrides of these writes, where they have others. */
  async set(writes: readonly ArchivedWrite[]): Promise<void> {
    await inGroups(writes, async (write) => {
      if (await this.#commit(() => this.#setting(write))) this.#documents++;
    });
  }

  async #creation({ id, name, parentId, isReseller }: AccountRecord): Promise<Attempt<boolean>> {
    const { lineages } = await this.#dependencies.store.lineages([id]);
    if (lineages[0] !== undefined) return { answer: false };
    const createdAt = this.#dependencies.now().toISOString();
    const account = { id, name, parentId, isReseller, createdAt };
    const write = { on: "account", kind: "CREATE", account } as const;
    return this.#attempt(write, { documents: [], accounts: [{ id, version: undefined }] }, `account ${id}`);
  }

  async #setting({ key, text }: ArchivedWrite): Promise<Attempt<boolean>> {
    const content: DocumentContent = text === undefined ? { override: undefined } : parseDocumentText(text);
    const { override } = content;
    const { store } = this.#dependencies;
    const [layers] = (await store.layers([key], "write")).configs;
    // The account was deleted under the import.
    if (layers === undefined) return { answer: false };
    const [stored] = layers.documents;
    const accounts = layers.lineage?.slice(0, 1).map(({ id, version }) => ({ id, version })) ?? [];
    if (equals(stored?.override, override) && sameRules(stored, content)) return { answer: false };
    const version = stored?.version;
    const kind = override === undefined ? "RESET" : "SET";
    const before = stored && (await blamedDocument((of) => store.history(of), key, stored));
    const blame = override && blameText(blameAfter(before, override));
    const write = { on: "document", key, ...content, kind, ...(blame !== undefined && { blame }) } as const;
    const expect = { documents: [{ key, version }], accounts };
    return this.#attempt(write, expect, `${nameOf(key)} ${versionText(version)}`);
  }

  /** @param step tells the commit from all others of the merge, and from one onto another state of the store */
  #attempt(write: Commit["write"], expect: Commit["expect"], step: string): Attempt<boolean> {
    const { now, sha256 } = this.#dependencies;
    const id = createHash("sha256").update(`${sha256} ${step}`).digest("base64url");
    const operation = { id: `import-${id}`, digest: sha256 };
    return {
      commit: { write, expect, at: now().toISOString(), by: AUTHOR, schema: undefined, operation },
      done: () => true,
    };
  }

  async #commit(attempt: () => Promise<Attempt<boolean>>): Promise<boolean> {
    const dependencies = { ...this.#dependencies, newId: randomUUID, deadlineMs: COMMIT_WITHIN_MS };
    try {
      return await commitUntilDone(dependencies, attempt);
    } catch (error) {
      throw error instanceof StrataError ? this.#broken(error) : error;
    }
  }

  #broken(error: StrataError): StrataError {
    const { message } = error.cause instanceof Error ? error.cause : error;
    const done = `${this.#accounts} accounts and ${this.#documents} documents were written before`;
    return new StrataError(error.code, `The merge broke off (${done}): ${message} Run it again to go on.`, {
      cause: error,
    });
  }
}

function sameRules(stored: DocumentContent | undefined, content: DocumentContent): boolean {
  if (!sameConstraints(stored?.constraints, content.constraints)) return false;
  return equals(stored?.pins ?? [], content.pins ?? []);
}

async function inGroups<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += WRITES_AT_ONCE)
    await Promise.all(items.slice(at, at + WRITES_AT_ONCE).map(work));
}
