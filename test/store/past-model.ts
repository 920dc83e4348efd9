import { resellerLineage } from "../../src/domain/reseller.js";
import {
  type AccountRecord,
  type Commit,
  type Committed,
  type DocumentKey,
  documentKeys,
  keyText,
  type Lineage,
  type Store,
  type StoredDocument,
} from "../../src/store/store.js";
import { type FactStep, FactsModel } from "./facts-model.js";

interface Entry<T> {
  readonly at: string;
  readonly sequence: number;
  readonly value: T;
}
interface Life {
  readonly account: AccountRecord;
  /** The sequence of its creation. */
  readonly bornAt: number;
}

/** A moment, or the sequence of a commit. */
export type PastPlace = string | number;

/** What is expected of one config as of a moment; undefined for documents: nobody can tell any more. */
export type ExpectedConfig =
  | "noAccount"
  | {
      readonly lineage: Lineage | undefined;
      readonly keys: readonly DocumentKey[];
      readonly documents: readonly (StoredDocument | undefined)[] | undefined;
    };

const START = Date.UTC(2026, 2, 1);

/** The past of a store in as few words as possible: everything that was there, under the time from which on it was. */
export class PastModel {
  readonly facts = new FactsModel();
  readonly commits: Entry<string | undefined>[] = [];
  readonly #accounts = new Map<string, Entry<Life | undefined>[]>();
  readonly #documents = new Map<string, Entry<StoredDocument>[]>();
  #clock = START;

  /** The commit of a step, so many milliseconds after the one before; undefined where nothing can be done. */
  next(step: FactStep, pause: number): Commit | undefined {
    const commit = this.facts.next(step);
    if (commit === undefined) return undefined;
    this.#clock += pause;
    return { ...commit, at: new Date(this.#clock).toISOString() };
  }

  take(commit: Commit, made: Committed, stored?: AccountRecord): void {
    this.facts.take(commit, made, stored);
    const { write, by, schema } = commit;
    const { at, version } = made;
    const { sequence } = version;
    this.commits.push({ at, sequence, value: schema });
    if (write.on === "document") {
      const value = { version, override: write.override, updatedAt: at, updatedBy: by };
      log(this.#documents, keyText(write.key), { at, sequence, value });
      return;
    }
    const { id } = write.account;
    const bornAt = this.#accounts.get(id)?.at(-1)?.value?.bornAt ?? version.sequence;
    const account = this.facts.accounts.get(id);
    log(this.#accounts, id, { at, sequence, value: account && { account, bornAt } });
    if (write.kind === "DELETE")
      for (const name of [...this.#documents.keys()])
        if (name.startsWith(`${id}/`)) this.#documents.delete(name);
  }

  /** Does all of it, and takes down what came of it. */
  async live(store: Store, steps: readonly (FactStep & { readonly pause: number })[]): Promise<void> {
    for (const step of steps) {
      const commit = this.next(step, step.pause);
      if (commit === undefined) continue;
      const outcome = await store.commit(commit);
      if (outcome.outcome !== "done") throw new Error(`not done: ${JSON.stringify([commit, outcome])}`);
      const { lineages } = await store.lineages(
        commit.write.on === "account" ? [commit.write.account.id] : [],
      );
      this.take(commit, outcome, lineages[0]?.[0]);
    }
  }

  schemaAt(moment: string): string | undefined {
    return at(this.commits, moment);
  }

  expected({ accountId, configId }: DocumentKey, moment: PastPlace): ExpectedConfig {
    const lineage = accountId === undefined ? undefined : this.#lineage(accountId, moment);
    if (accountId !== undefined && (lineage === undefined || !this.#isAlive(accountId, moment)))
      return "noAccount";
    const keys = documentKeys(lineage, configId);
    const reseller = lineage && resellerLineage(lineage)?.[0];
    const documents = keys.map((key) => at(this.#documents.get(keyText(key)) ?? [], moment));
    const isKept = reseller === undefined || this.#isAlive(reseller.id, moment);
    return { lineage, keys, documents: isKept ? documents : undefined };
  }

  /** Whether the account of then is the one that has its id now. */
  #isAlive(id: string, moment: PastPlace): boolean {
    const entries = this.#accounts.get(id) ?? [];
    const now = entries.at(-1)?.value;
    return now !== undefined && at(entries, moment)?.bornAt === now.bornAt;
  }

  #lineage(id: string, moment: PastPlace): Lineage | undefined {
    const found: AccountRecord[] = [];
    for (let next: string | undefined = id; next !== undefined; ) {
      const account: AccountRecord | undefined = at(this.#accounts.get(next) ?? [], moment)?.account;
      if (account === undefined) return undefined;
      found.push(account);
      next = account.parentId;
    }
    return found as unknown as Lineage;
  }
}

function log<T>(entries: Map<string, Entry<T>[]>, name: string, entry: Entry<T>): void {
  const known = entries.get(name);
  if (known === undefined) entries.set(name, [entry]);
  else known.push(entry);
}

function at<T>(entries: readonly Entry<T>[], place: PastPlace): T | undefined {
  const isThen = (entry: Entry<T>) =>
    typeof place === "number" ? entry.sequence <= place : entry.at <= place;
  return entries.findLast(isThen)?.value;
}
