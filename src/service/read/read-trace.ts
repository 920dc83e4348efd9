import {
  type DocumentKey,
  keyText,
  type Lineage,
  sameVersion,
  type Version,
  type VersionsOf,
} from "../../store/store.js";
import type { LayerVersions } from "./stored-layers.js";
import type { StrayReads } from "./stray-reads.js";

/** Of everything that an answer was made of, the version that it had. */
export interface VersionVector {
  readonly of: VersionsOf;
  readonly accounts: readonly (Version | undefined)[];
  readonly documents: readonly (Version | undefined)[];
}

/** The reads of one request: its response depends on them, on the request itself and on the schemas. */
export interface ReadTrace {
  /** Undefined when the versions do not tell whether the answer still holds. Then it cannot be cached. */
  readonly vector: VersionVector | undefined;
  /** An account that was read; undefined when it was not. */
  account(id: string): Lineage[number] | undefined;
}

/** The trace as the request's reader writes it. Nobody else has to say what was read. */
export class TraceRecorder implements ReadTrace {
  readonly #accounts = new Map<string, Lineage[number]>();
  readonly #documents = new Map<
    string,
    { readonly key: DocumentKey; readonly version: Version | undefined }
  >();
  readonly #strayReadsBefore: number;
  #isWhole = true;

  constructor(private readonly strayReads: Pick<StrayReads, "count">) {
    this.#strayReadsBefore = strayReads.count;
  }

  /** The account was read, with its ancestors. */
  lineage(lineage: Lineage): void {
    for (const account of lineage) {
      const known = this.#accounts.get(account.id);
      // Read twice, and changed in between: the answer is of no one moment.
      if (known !== undefined && !sameVersion(known.version, account.version)) this.#isWhole = false;
      this.#accounts.set(account.id, account);
    }
  }

  /** The layers of a config were read, or their versions. */
  layers({ ancestry, keys, versions }: LayerVersions): void {
    if (ancestry !== undefined) this.lineage(ancestry.lineage);
    for (const [index, key] of keys.entries()) {
      const name = keyText(key);
      const [known, version] = [this.#documents.get(name), versions[index]];
      if (known !== undefined && !sameVersion(known.version, version)) this.#isWhole = false;
      this.#documents.set(name, { key, version });
    }
  }

  /** Whether the version of a document was read. */
  covers(key: DocumentKey): boolean {
    return this.#documents.has(keyText(key));
  }

  /** Something was read, or written, that has no version here. */
  unversioned(): void {
    this.#isWhole = false;
  }

  account(id: string): Lineage[number] | undefined {
    return this.#accounts.get(id);
  }

  get vector(): VersionVector | undefined {
    if (!this.#isWhole || this.strayReads.count !== this.#strayReadsBefore) return undefined;
    const accounts = [...this.#accounts.values()];
    const documents = [...this.#documents.values()];
    return {
      of: { accounts: accounts.map(({ id }) => id), documents: documents.map(({ key }) => key) },
      accounts: accounts.map(({ version }) => version),
      documents: documents.map(({ version }) => version),
    };
  }
}
