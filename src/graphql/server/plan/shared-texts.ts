import type { Inheriting } from "../../api/inheritable-text.js";
import { fail, type WriteValue } from "./plain-code.js";

/** Of all texts together, as far as they can be told. Beyond it all of them are forgotten. */
const BYTES = 16 * 2 ** 20;
/** What a text takes beside its characters. */
const BYTES_PER_TEXT = 64;

/**
 * JSON texts of objects that many accounts inherit. A plan writes each of them once: most accounts override few fields, so
 * most of a response is the same text as in the response to the account before.
 */
export class SharedTexts {
  /** Each plan writes texts of its own. */
  #texts = new WeakMap<WriteValue, WeakMap<object, string>>();
  #bytes = 0;

  constructor(private readonly most = BYTES) {}

  /** The same function, which writes what is inherited only once. */
  sharing(write: WriteValue): WriteValue {
    return (value, room) => {
      const { inherited } = value as Inheriting;
      if (inherited === undefined) return write(value, room);
      const text = this.#textsOf(write).get(inherited);
      if (text === undefined) return this.#keep(write, inherited, write(value, room));
      room.characters -= text.length;
      return room.characters < 0 ? fail("too much for one turn") : text;
    };
  }

  #textsOf(write: WriteValue): WeakMap<object, string> {
    const known = this.#texts.get(write) ?? new WeakMap<object, string>();
    this.#texts.set(write, known);
    return known;
  }

  #keep(write: WriteValue, inherited: object, text: string): string {
    this.#bytes += text.length + BYTES_PER_TEXT;
    if (this.#bytes > this.most) {
      this.#bytes = 0;
      this.#texts = new WeakMap();
      return text;
    }
    // Looking at a character makes one piece of a text that was put together of many.
    text.charCodeAt(0);
    this.#textsOf(write).set(inherited, text);
    return text;
  }
}
