import type { Compression } from "./content-coding.js";
import type { CompressionKeeper } from "./http-response.js";

/** Keeps a response compressed, in each coding from the first time on that a client takes it so. */
export class KeptCompressed implements CompressionKeeper {
  readonly #kept = new Map<Compression, string>();
  readonly #underWay = new Map<Compression, Promise<string>>();

  /** @param resize to be told when it has grown; false: it may not */
  constructor(private readonly resize: () => boolean) {}

  get size(): number {
    let size = 0;
    for (const bytes of this.#kept.values()) size += bytes.length;
    return size;
  }

  /** Those who ask meanwhile wait for the same. */
  compressed(coding: Compression, work: () => Promise<string>): string | Promise<string> {
    const known = this.#kept.get(coding) ?? this.#underWay.get(coding);
    if (known !== undefined) return known;
    const made = work().then((bytes) => this.#keep(coding, bytes));
    this.#underWay.set(coding, made);
    const forget = () => this.#underWay.delete(coding);
    made.then(forget, forget);
    return made;
  }

  #keep(coding: Compression, bytes: string): string {
    this.#kept.set(coding, bytes);
    if (!this.resize()) this.#kept.delete(coding);
    return bytes;
  }
}
