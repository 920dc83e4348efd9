import { LRUCache } from "lru-cache";
import type { Principal } from "../../../auth/principal.js";
import { AdmissionFilter } from "../../../cache/admission-filter.js";
import { answerBasis, isFor } from "../../../service/read/answer-basis.js";
import type { ReadTrace } from "../../../service/read/read-trace.js";
import { VersionCheck, type VersionedStore } from "../../../service/read/version-check.js";
import type { RequestJournal } from "../../../service/request-journal.js";
import { type CachedResponse, CacheEntry } from "./cached-response.js";

/** The content of a response without errors, as it was made. */
export interface MadeResponse extends Pick<CachedResponse, "about" | "cost" | "schemas"> {
  readonly text: string;
}

interface ResponseCacheOptions {
  /** Of memory that all of it may take, as far as it can be told. */
  readonly bytes: number;
  readonly store: VersionedStore;
  /** The digest of the schema folder that is in force. */
  readonly schemaDigest: () => string;
}

/** Larger entries are not cached. */
const LARGEST_SHARE = 1 / 64;

/**
 * Responses to queries, as text, by everything that they depend on beside the store: the bytes of the request's body and
 * what the caller may see. The schema folder and the versions of what they were made of are compared each time: an entry can
 * be missing, never stale.
 */
export class ResponseCache {
  readonly #entries: LRUCache<string, CacheEntry>;
  readonly #admission: AdmissionFilter;
  readonly #versions: VersionCheck;
  readonly #largest: number;

  readonly #schemaDigest: () => string;

  constructor(options: ResponseCacheOptions) {
    this.#schemaDigest = options.schemaDigest;
    this.#versions = new VersionCheck(options.store);
    this.#entries = new LRUCache<string, CacheEntry>({
      maxSize: Math.ceil(options.bytes),
      sizeCalculation: sizeOf,
    });
    this.#largest = options.bytes * LARGEST_SHARE;
    this.#admission = new AdmissionFilter(options.bytes);
  }

  /**
   * The response that executing the request would make; undefined: execute it.
   * @throws StrataError STORE_UNAVAILABLE when the store cannot be asked
   */
  async find(
    body: Buffer,
    principal: Principal,
    journal?: RequestJournal,
  ): Promise<CachedResponse | undefined> {
    if (body.length > this.#largest) return undefined;
    const entry = this.#entries.get(keyOf(body, principal));
    if (entry === undefined || !isFor(entry, principal, this.#schemaDigest())) return undefined;
    const sequence = await this.#versions.holdsAt(entry.vector, entry.sequence, journal);
    if (sequence === undefined) return undefined;
    entry.sequence = sequence;
    return entry;
  }

  /** Caches a response on its second offer, if the versions of what was read tell whether it holds. */
  offer(
    body: Buffer,
    principal: Principal,
    { text, schemas, ...made }: MadeResponse,
    trace: ReadTrace,
  ): void {
    if (body.length > this.#largest) return;
    if (!this.#admission.admits(keyOf(body, principal), this.#entries)) return;
    const basis = answerBasis(principal, trace, schemas);
    if (basis === undefined) return;
    // In one piece, though the text was put together of many.
    const bytes = Buffer.from(text).toString("latin1");
    this.keep(body, principal, { ...made, ...basis, bytes });
  }

  protected keep(body: Buffer, principal: Principal, response: CachedResponse): void {
    const key = keyOf(body, principal);
    const entry: CacheEntry = new CacheEntry(response, (): boolean => this.#resize(key, entry));
    if (sizeOf(entry, key) <= this.#largest) this.#entries.set(key, entry);
  }

  /** Counts an entry anew that has grown; false: it may not. */
  #resize(key: string, entry: CacheEntry): boolean {
    if (this.#entries.peek(key) !== entry || sizeOf(entry, key) > this.#largest) return false;
    // To set the same entry again would not count it anew.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return true;
  }
}

/** All of the principal that a response can depend on, but for its subject; and the body, one character for each byte. */
function keyOf(body: Buffer, { accountId, isSuperadmin, scopes }: Principal): string {
  return `${isSuperadmin ? "*" : accountId} ${[...scopes].join()}\n${body.toString("latin1")}`;
}

function sizeOf({ size }: CacheEntry, key: string): number {
  return size + key.length;
}
