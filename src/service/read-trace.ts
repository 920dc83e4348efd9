import {
  type DocumentKey,
  keyText,
  type Lineage,
  type Revisions,
  sameVersion,
  type Version,
  type VersionsOf,
} from "../store/store.js";
import type { Layers } from "./layers.js";

/** Of everything that an answer was made of, the version that it had. */
export interface VersionVector {
  readonly of: VersionsOf;
  readonly accounts: readonly (Version | undefined)[];
  readonly documents: readonly (Version | undefined)[];
}

/** Whether all of it is still as it was: the same answer would be made again. */
export function stillHolds(vector: VersionVector, now: Revisions): boolean {
  return (
    vector.accounts.every((version, index) => sameVersion(version, now.accounts[index])) &&
    vector.documents.every((version, index) => sameVersion(version, now.documents[index]))
  );
}

/** What one request has read of the store: what its answer depends on, beside the request and the schemas. */
export class ReadTrace {
  readonly #accounts = new Map<string, Lineage[number]>();
  readonly #documents = new Map<
    string,
    { readonly key: DocumentKey; readonly version: Version | undefined }
  >();
  #isWhole = true;

  /** The account with its ancestors was read. */
  lineage(lineage: Lineage): void {
    for (const account of lineage) {
      const known = this.#accounts.get(account.id);
      // Read twice, and changed in between: the answer is of no one moment.
      if (known !== undefined && !sameVersion(known.version, account.version)) this.#isWhole = false;
      this.#accounts.set(account.id, account);
    }
  }

  /** Layers of a config were read, or looked at. */
  layers({ ancestry, keys, versions }: Pick<Layers, "ancestry" | "keys" | "versions">): void {
    if (ancestry !== undefined) this.lineage(ancestry.lineage);
    for (const [index, key] of keys.entries()) {
      const name = keyText(key);
      const [known, version] = [this.#documents.get(name), versions[index]];
      if (known !== undefined && !sameVersion(known.version, version)) this.#isWhole = false;
      this.#documents.set(name, { key, version });
    }
  }

  /** Something was read that has no version here: nobody can tell whether it still holds. */
  spoil(): void {
    this.#isWhole = false;
  }

  /** An account among those that were read; undefined when it is not. */
  account(id: string): Lineage[number] | undefined {
    return this.#accounts.get(id);
  }

  /** Undefined when the versions do not tell whether the answer holds. */
  get vector(): VersionVector | undefined {
    if (!this.#isWhole) return undefined;
    const accounts = [...this.#accounts.values()];
    const documents = [...this.#documents.values()];
    return {
      of: { accounts: accounts.map(({ id }) => id), documents: documents.map(({ key }) => key) },
      accounts: accounts.map(({ version }) => version),
      documents: documents.map(({ version }) => version),
    };
  }
}
