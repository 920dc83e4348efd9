import { classEscape, classOf } from "./pattern-class.js";

/** A part of a pattern. */
export type Part =
  /** Said to RE2 as it is; `isOne`: matches one character, whatever is around it. */
  | { readonly kind: "text"; readonly text: string; readonly isOne: boolean }
  /** Alternatives; `opening` is `(?:`, or the like with flags. */
  | { readonly kind: "group"; readonly opening: string; readonly branches: readonly (readonly Part[])[] }
  | {
      readonly kind: "repeat";
      readonly part: Part;
      readonly min: number;
      readonly max: number;
      readonly isLazy: boolean;
    };

/** In JavaScript `.` leaves out four characters, for RE2 one. */
const ANY_BUT_LINE_ENDS = "[^\\n\\r\\x{2028}\\x{2029}]";

const ASSERTIONS: ReadonlySet<string> = new Set(["b", "B", "A", "z"]);

/**
 * Reads a pattern as JavaScript does, with what KAZOO's schemas have besides: POSIX classes and inline flags.
 * @throws Error naming what cannot be run
 */
export function parsePattern(pattern: string): readonly (readonly Part[])[] {
  const reader = new PatternReader(pattern);
  const branches = reader.branches();
  if (!reader.isAtEnd) throw new Error(`error parsing regexp: unexpected ): \`${pattern}\``);
  return branches;
}

class PatternReader {
  #at = 0;
  readonly #dot: Part;

  constructor(private readonly pattern: string) {
    // With the flag `s` it is all characters, as it is for RE2 then.
    const isDotAll = /\(\?[a-zA-Z]*s[a-zA-Z]*[-:)]/.test(pattern);
    this.#dot = { kind: "text", text: isDotAll ? "." : ANY_BUT_LINE_ENDS, isOne: true };
  }

  get isAtEnd(): boolean {
    return this.#at >= this.pattern.length;
  }

  branches(): Part[][] {
    const branches = [this.#branch()];
    while (this.#take("|")) branches.push(this.#branch());
    return branches;
  }

  #branch(): Part[] {
    const parts: Part[] = [];
    while (!this.isAtEnd && !"|)".includes(this.#peek())) {
      let part = this.#part();
      for (let counts = this.#counts(); counts !== undefined; counts = this.#counts()) {
        // A second count on the same part is for RE2 to refuse.
        if (part.kind === "repeat")
          throw new Error(`error parsing regexp: invalid nested repetition operator in \`${this.pattern}\``);
        part = { kind: "repeat", part, ...counts };
      }
      parts.push(part);
    }
    return parts;
  }

  #part(): Part {
    const next = this.#peek();
    if (next === "(") return this.#group();
    if (next === "[") {
      const { text, end } = classOf(this.pattern, this.#at);
      this.#at = end;
      return { kind: "text", text, isOne: true };
    }
    if (next === "\\") return this.#escape();
    const character = String.fromCodePoint(this.pattern.codePointAt(this.#at) as number);
    this.#at += character.length;
    if (character === ".") return this.#dot;
    if (character === "^" || character === "$") return { kind: "text", text: character, isOne: false };
    if ("*+?".includes(character)) {
      throw new Error(`error parsing regexp: missing argument to repetition operator: \`${character}\``);
    }
    return { kind: "text", text: quoted(character), isOne: true };
  }

  #group(): Part {
    const [opening = "("] = /^\((?:\?(?:P?<[A-Za-z_$][\w$]*>|[a-zA-Z-]*:|[a-zA-Z-]+\)))?/.exec(
      this.pattern.slice(this.#at, this.#at + 200),
    ) as RegExpExecArray;
    if (opening === "(" && this.pattern.startsWith("(?", this.#at)) {
      const [unsupported] = /^\(\?.?[=!]?/.exec(this.pattern.slice(this.#at)) ?? ["(?"];
      throw new Error(
        `error parsing regexp: invalid or unsupported Perl syntax: \`${unsupported}\` in \`${this.pattern}\``,
      );
    }
    this.#at += opening.length;
    if (opening.endsWith(")")) return { kind: "text", text: opening, isOne: false };
    const branches = this.branches();
    if (!this.#take(")")) throw new Error(`error parsing regexp: missing closing ): \`${this.pattern}\``);
    // Captures are not used, and a part may be written several times: groups become non-capturing.
    return { kind: "group", opening: opening.endsWith(":") ? opening : "(?:", branches };
  }

  #escape(): Part {
    const letter = this.pattern[this.#at + 1] ?? "";
    if (ASSERTIONS.has(letter)) {
      this.#at += 2;
      return { kind: "text", text: `\\${letter}`, isOne: false };
    }
    const { text, end, isSet } = classEscape(this.pattern, this.#at);
    this.#at = end;
    return { kind: "text", text: isSet ? `[${text}]` : text, isOne: true };
  }

  #counts(): { min: number; max: number; isLazy: boolean } | undefined {
    const [all, sign, min, comma, max] =
      /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/.exec(this.pattern.slice(this.#at, this.#at + 40)) ?? [];
    if (all === undefined || (min !== undefined && comma === "" && max !== "")) return undefined;
    this.#at += all.length;
    const isLazy = all.length > 1 && all.endsWith("?");
    if (sign !== undefined)
      return { min: sign === "+" ? 1 : 0, max: sign === "?" ? 1 : Number.POSITIVE_INFINITY, isLazy };
    const least = Number(min);
    const most = comma === "" ? least : max === "" ? Number.POSITIVE_INFINITY : Number(max);
    if (most < least) throw new Error(`error parsing regexp: invalid repeat count: \`${all}\``);
    return { min: least, max: most, isLazy };
  }

  #peek(): string {
    return this.pattern[this.#at] ?? "";
  }

  #take(character: string): boolean {
    const isNext = this.#peek() === character;
    if (isNext) this.#at++;
    return isNext;
  }
}

/** In the words that RE2 and JavaScript share. */
function quoted(character: string): string {
  if (character === "-") return "\\x{2D}";
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}
