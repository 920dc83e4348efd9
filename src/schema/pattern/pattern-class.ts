/** The RE2 text of one escape or class; `isSet`: it stands for a set of characters and needs brackets around it. */
interface Translated {
  readonly text: string;
  /** Where the pattern goes on. */
  readonly end: number;
  readonly isSet: boolean;
}

type Range = readonly [first: number, last: number];
const LAST = 0x10ffff;

/** White space and line ends as ECMA-262 defines them; in RE2 `\s` is ASCII only. */
const SPACES: readonly Range[] = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];
const SETS: Readonly<Record<string, string>> = {
  d: "0-9",
  D: ranges(outside([[0x30, 0x39]])),
  w: "0-9A-Za-z_",
  W: ranges(
    outside([
      [0x30, 0x39],
      [0x41, 0x5a],
      [0x5f, 0x5f],
      [0x61, 0x7a],
    ]),
  ),
  s: ranges(SPACES),
  S: ranges(outside(SPACES)),
};
const CONTROLS: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11, 0: 0 };

/**
 * Reads an escape that stands for one character, or one of a set, at a place of a pattern.
 * @throws Error when it means something else, or nothing
 */
export function classEscape(pattern: string, at: number, inClass = false): Translated {
  const letter = pattern.codePointAt(at + 1);
  if (letter === undefined)
    throw new Error("error parsing regexp: trailing backslash at end of expression: ``");
  const character = String.fromCodePoint(letter);
  const end = at + 1 + character.length;
  const set = SETS[character];
  if (set !== undefined) return { text: set, end, isSet: true };
  const control = inClass && character === "b" ? 8 : CONTROLS[character];
  if (control !== undefined && !/^0\d/.test(pattern.slice(at + 1)))
    return { text: code(control), end, isSet: false };
  const rest = pattern.slice(end, end + 60);
  if (character === "p" || character === "P") return propertyEscape(rest, end, character);
  const coded = codeEscape(character, rest);
  if (coded !== undefined) return { text: code(coded.point), end: end + coded.length, isSet: false };
  if (/[1-9]/.test(character) && !inClass) {
    throw new Error(`error parsing regexp: invalid escape sequence: \`\\${character}\``);
  }
  if (/[A-Za-z0-9]/.test(character)) throw new Error(`unknown escape \\${character}`);
  return { text: code(letter), end, isSet: false };
}

/** `\cX`, `\xHH`, `\x{H…}`, `\uHHHH` (two of them for a pair of surrogates) and `\u{H…}`. */
function codeEscape(letter: string, rest: string): { point: number; length: number } | undefined {
  const control = letter === "c" ? /^[A-Za-z]/.exec(rest) : null;
  if (control !== null) return { point: control[0].charCodeAt(0) % 32, length: 1 };
  if (letter !== "x" && letter !== "u") return undefined;
  const braced = /^\{([0-9a-fA-F]{1,8})\}/.exec(rest);
  if (braced !== null) {
    const point = Number.parseInt(braced[1] as string, 16);
    return point <= LAST ? { point, length: braced[0].length } : undefined;
  }
  const pair =
    letter === "u" ? /^([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})/.exec(rest) : null;
  if (pair !== null) {
    const [high, low] = [Number.parseInt(pair[1] as string, 16), Number.parseInt(pair[2] as string, 16)];
    return { point: 0x10000 + (high - 0xd800) * 0x400 + low - 0xdc00, length: pair[0].length };
  }
  const plain = (letter === "x" ? /^[0-9a-fA-F]{2}/ : /^[0-9a-fA-F]{4}/).exec(rest);
  return plain ? { point: Number.parseInt(plain[0], 16), length: plain[0].length } : undefined;
}

/** `\pL`, `\p{…}`: RE2 knows few of the names that JavaScript knows. */
function propertyEscape(rest: string, start: number, letter: string): Translated {
  const [all, name] = /^\{(\^?[\w=]+)\}/.exec(rest) ?? /^([A-Z])/.exec(rest) ?? [];
  if (all === undefined || name === undefined) {
    throw new Error(
      `error parsing regexp: invalid character class range: \`\\${letter}${rest.slice(0, 20)}\``,
    );
  }
  const isNegated = (letter === "P") !== name.startsWith("^");
  const members = charactersWith(name.replace(/^\^/, ""));
  return { text: ranges(isNegated ? outside(members) : members), end: start + all.length, isSet: true };
}

const properties = new Map<string, readonly Range[]>();

/** The characters with a Unicode property, as this JavaScript knows them; RE2 also takes a script by its bare name. */
function charactersWith(name: string): readonly Range[] {
  const known = properties.get(name);
  if (known !== undefined) return known;
  const tester = [name, `Script=${name}`].flatMap((property) => {
    try {
      return [new RegExp(`^\\p{${property}}$`, "u")];
    } catch {
      return [];
    }
  })[0];
  if (tester === undefined)
    throw new Error(`error parsing regexp: invalid character class range: \`\\p{${name}}\``);
  const found: Range[] = [];
  let first: number | undefined;
  for (let point = 0; point <= LAST + 1; point++) {
    const isMember = point <= LAST && tester.test(String.fromCodePoint(point));
    if (isMember) first ??= point;
    else if (first !== undefined) {
      found.push([first, point - 1]);
      first = undefined;
    }
  }
  properties.set(name, found);
  return found;
}

/**
 * Reads a class at its `[`.
 * @throws Error when it does not end, or holds what is no character
 */
export function classOf(pattern: string, start: number): { readonly text: string; readonly end: number } {
  const isNegated = pattern[start + 1] === "^";
  let at = start + (isNegated ? 2 : 1);
  let text = "";
  for (; pattern[at] !== "]"; ) {
    if (at >= pattern.length)
      throw new Error(`error parsing regexp: missing closing ]: \`${pattern.slice(start)}\``);
    const item = classItem(pattern, at);
    const to =
      item.isSet || pattern[item.end] !== "-" || pattern[item.end + 1] === "]"
        ? undefined
        : classItem(pattern, item.end + 1);
    if (to === undefined || to.isSet) {
      text += item.text;
      at = item.end;
    } else {
      text += `${item.text}-${to.text}`;
      at = to.end;
    }
  }
  // An empty class takes nothing, and its opposite everything.
  if (text === "") return { text: isNegated ? "[\\x{0}-\\x{10FFFF}]" : "[^\\x{0}-\\x{10FFFF}]", end: at + 1 };
  return { text: `[${isNegated ? "^" : ""}${text}]`, end: at + 1 };
}

function classItem(pattern: string, at: number): Translated {
  if (pattern[at] === "\\") return classEscape(pattern, at, true);
  const [posix] = /^\[:\^?[a-z]+:\]/.exec(pattern.slice(at, at + 20)) ?? [];
  if (posix !== undefined) return { text: posix, end: at + posix.length, isSet: true };
  const point = pattern.codePointAt(at);
  if (point === undefined) throw new Error(`error parsing regexp: missing closing ]: \`${pattern}\``);
  return { text: code(point), end: at + String.fromCodePoint(point).length, isSet: false };
}

function code(point: number): string {
  return `\\x{${point.toString(16).toUpperCase()}}`;
}

function ranges(list: readonly Range[]): string {
  // A class of no character at all cannot be said by its members.
  if (list.length === 0) return "[:^ascii:]&&[:ascii:]";
  return list
    .map(([first, last]) => (first === last ? code(first) : `${code(first)}-${code(last)}`))
    .join("");
}

function outside(list: readonly Range[]): Range[] {
  const gaps: Range[] = [];
  let next = 0;
  for (const [first, last] of list) {
    if (first > next) gaps.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= LAST) gaps.push([next, LAST]);
  return gaps;
}
