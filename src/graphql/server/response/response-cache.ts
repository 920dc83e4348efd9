import type { Principal } from "../../../auth/principal.js";
import { answerBasis } from "../../../service/read/answer-basis.js";
import type { ReadTrace } from "../../../service/read/read-trace.js";
import type { VersionedStore } from "../../../service/read/version-check.js";
import { VersionedAnswers } from "../../../service/read/versioned-answers.js";
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
  readonly #answers: VersionedAnswers<CacheEntry>;
  readonly #largest: number;

  constructor(options: ResponseCacheOptions) {
    this.#largest = options.bytes * LARGEST_SHARE;
    this.#answers = new VersionedAnswers({ ...options, largestBytes: this.#largest, sizeOf });
  }

  /**
   * The response that executing the request would make; undefined: execute it.
   * @throws StrataError STORE_UNAVAILABLE when the store cannot be asked
   */
  find(body: Buffer, principal: Principal, journal?: RequestJournal): Promise<CachedResponse | undefined> {
    if (body.length > this.#largest) return Promise.resolve(undefined);
    return this.#answers.find(keyOf(body, principal), principal, journal);
  }

  /** Caches a response on its second offer, if the versions of what was read tell whether it holds. */
  offer(
    body: Buffer,
    principal: Principal,
    { text, schemas, ...made }: MadeResponse,
    trace: ReadTrace,
  ): void {
    if (body.length > this.#largest || !this.#answers.admits(keyOf(body, principal))) return;
    const basis = answerBasis(principal, trace, schemas);
    if (basis === undefined) return;
    // In one piece, though the text was put together of many.
    const bytes = Buffer.from(text).toString("latin1");
    this.keep(body, principal, { bytes, ...made, ...basis });
  }

  protected keep(body: Buffer, principal: Principal, response: CachedResponse): void {
    const key = keyOf(body, principal);
    const entry: CacheEntry = new CacheEntry(response, (): boolean => this.#answers.resize(key, entry));
    this.#answers.put(key, entry);
  }
}

/** All of the principal that a response can depend on, but for its subject; and the body, one character for each byte. */
function keyOf(body: Buffer, { accountId, isSuperadmin, scopes }: Principal): string {
  return `${isSuperadmin ? "*" : accountId} ${[...scopes].join()}\n${body.toString("latin1")}`;
}

function sizeOf({ size }: CacheEntry, key: string): number {
  return size + key.length;
}
