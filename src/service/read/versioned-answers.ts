import type { Principal } from "../../auth/principal.js";
import { AdmittingCache, type AdmittingCacheOptions } from "../../cache/admitting-cache.js";
import type { RequestJournal } from "../request-journal.js";
import { type AnswerBasis, isFor } from "./answer-basis.js";
import { VersionCheck, type VersionedStore } from "./version-check.js";

export interface VersionedAnswer extends AnswerBasis {
  /** The newest commit when it was seen to hold last. */
  sequence: number | undefined;
}

export interface VersionedAnswersOptions<A> extends AdmittingCacheOptions<A> {
  readonly store: VersionedStore;
  /** The digest of the schema folder that is in force. */
  readonly schemaDigest: () => string;
}

/**
 * Cached answers. The schema folder and the versions of everything that they were made of are compared each time: an answer can be
 * missing, never stale. All else that it depends on has to be in its key.
 */
export class VersionedAnswers<A extends VersionedAnswer> extends AdmittingCache<A> {
  readonly #versions: VersionCheck;
  readonly #schemaDigest: () => string;

  constructor(options: VersionedAnswersOptions<A>) {
    super(options);
    this.#versions = new VersionCheck(options.store);
    this.#schemaDigest = options.schemaDigest;
  }

  /**
   * The answer, if it is the one that would be made now; undefined: make it.
   * @throws StrataError STORE_UNAVAILABLE when the store cannot be asked
   */
  async find(key: string, principal: Principal, journal?: RequestJournal): Promise<A | undefined> {
    const answer = this.get(key);
    if (answer === undefined || !isFor(answer, principal, this.#schemaDigest())) return undefined;
    const sequence = await this.#versions.holdsAt(answer.vector, answer.sequence, journal);
    if (sequence === undefined) return undefined;
    answer.sequence = sequence;
    return answer;
  }
}
