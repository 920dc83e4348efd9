import type { Compression } from "../../../http/content-coding.js";
import type { CompressionKeeper } from "../../../http/http-response.js";
import { KeptCompressed } from "../../../http/kept-compressed.js";
import type { AnswerBasis } from "../../../service/read/answer-basis.js";
import type { VersionVector } from "../../../service/read/read-trace.js";
import type { OperationAbout } from "../query/prepared-queries.js";

/** The content of a response without errors, and what has to hold for it to be the response still. */
export interface CachedResponse extends CompressionKeeper, AnswerBasis {
  /** Its bytes, one character for each: sending it needs no other encoding, and it takes half the memory. */
  readonly bytes: string;
  readonly about: OperationAbout;
  /** Of the operation. */
  readonly cost: number | undefined;
}

/** Upper bound of the bytes of a version, and of an entry beside its texts. */
const BYTES_PER_VERSION = 400;
const BYTES_PER_ENTRY = 512;

/** A response in the cache. */
export class CacheEntry implements CachedResponse {
  readonly bytes: string;
  readonly about: OperationAbout;
  readonly cost: number | undefined;
  readonly vector: VersionVector;
  readonly schemas: string;
  readonly issuedFrom: number;
  /** The newest commit when it was seen to hold last. */
  sequence: number | undefined;
  readonly #compressed: KeptCompressed;

  /** @param resize to be told when it has grown; false: it may not */
  constructor(response: CachedResponse, resize: () => boolean) {
    this.#compressed = new KeptCompressed(resize);
    this.bytes = response.bytes;
    this.about = response.about;
    this.cost = response.cost;
    this.vector = response.vector;
    this.schemas = response.schemas;
    this.issuedFrom = response.issuedFrom;
  }

  get size(): number {
    const { accounts, documents } = this.vector;
    const versions = accounts.length + documents.length;
    return BYTES_PER_ENTRY + this.bytes.length + BYTES_PER_VERSION * versions + this.#compressed.size;
  }

  /** From its third use on at least: a response is kept on its second. */
  compressed(coding: Compression, work: () => Promise<string>): string | Promise<string> {
    return this.#compressed.compressed(coding, work);
  }
}
