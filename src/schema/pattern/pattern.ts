import { LRUCache } from "lru-cache";
import { RE2JS } from "re2js";
import { type Part, parsePattern } from "./pattern-syntax.js";
import { widthOf } from "./pattern-width.js";

/** A compiled `pattern`; `test` looks for a match anywhere in the text, as JSON Schema asks. */
export interface Pattern {
  test(text: string): boolean;
  /** The highest price of a test of a text of that length, in steps of a validation. */
  cost(length: number): number;
}

/** A pattern that says nothing wrong and yet cannot be run: its counts multiply beyond measure. */
export class PatternTooLarge extends Error {}

/** Compiling one twice would be waste. Schema files have few patterns; those of constraints come from callers. */
const compiled = new LRUCache<string, Pattern>({ max: 10_000 });

/** The highest product of nested repeat counts that RE2 takes. */
const COUNT_LIMIT = 1_000;
/** Places of a pattern that a text can be at, at one time, so that it matters little how many. */
const NARROW = 6;
/** Characters of which a pattern may be made once its counts are written out. */
const SIZE_LIMIT = 20_000;

/**
 * Patterns come from schema files and meet callers' text, so they run on an engine whose time is linear in the text.
 * It reads POSIX classes such as `[[:alnum:]]` too; it has no look-around and no backreferences.
 * @throws PatternTooLarge
 * @throws Error naming what the engine cannot read
 */
export function compilePattern(pattern: string): Pattern {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  const branches = parsePattern(pattern);
  const made = onJavaScript(branches) ?? ofOneKind(branches) ?? ofOneRun(branches) ?? onRe2(branches);
  compiled.set(pattern, made);
  return made;
}

/**
 * What it takes to compile a pattern: the characters of which it is made once its counts are written out; 0 where the engine
 * is not needed for it.
 * @throws Error naming what the engine cannot read
 */
export function sizeOfPattern(pattern: string): number {
  const branches = parsePattern(pattern);
  const isCheap = onJavaScript(branches) ?? ofOneKind(branches) ?? ofOneRun(branches);
  return isCheap === undefined ? sizeOf({ kind: "group", opening: "(?:", branches }) : 0;
}

function onRe2(branches: readonly (readonly Part[])[]): Pattern {
  const size = sizeOf({ kind: "group", opening: "(?:", branches });
  if (size > SIZE_LIMIT) {
    throw new PatternTooLarge(
      `the counts of the pattern come to ${size > 1e9 ? "more than a billion" : size} characters; ${SIZE_LIMIT} can be run`,
    );
  }
  const engine = RE2JS.compile(branches.map(written).join("|"));
  return { test: (text) => engine.test(text), cost: costOf(branches) };
}

function costOf(branches: readonly (readonly Part[])[]): Pattern["cost"] {
  // A narrow one has few states in all, which the engine makes once.
  const stepsUpTo = (length: number) => {
    const width = widthOf(branches, length);
    return width < NARROW ? 1 / 4 : (1 + width) / 4;
  };
  const known: number[] = [];
  return (length) => {
    const bits = 32 - Math.clz32(length);
    const steps = known[bits] ?? stepsUpTo(2 ** bits);
    known[bits] = steps;
    return 3 + Math.ceil(length * steps);
  };
}

/**
 * A pattern that starts at the start and repeats one kind of character at most once is run by JavaScript, which is faster:
 * it has at most one place to go back to, each a step further on, so that it is linear too.
 */
function onJavaScript([parts = [], ...others]: readonly (readonly Part[])[]): Pattern | undefined {
  const [start, ...rest] = parts;
  if (others.length > 0 || start?.kind !== "text" || start.text !== "^") return undefined;
  const repeats = rest.filter(({ kind }) => kind === "repeat");
  const isPlain = rest.every((part, index) => {
    if (part.kind === "repeat") return part.part.kind === "text" && part.part.isOne && part.max > 1;
    return part.kind === "text" && (part.isOne || (part.text === "$" && index === rest.length - 1));
  });
  // The rest of the pattern is tried at each end of the repeat.
  if (!isPlain || repeats.length > 1 || rest.length > 32) return undefined;
  const text = forJavaScript(rest.map(write).join(""));
  if (text === undefined) return undefined;
  const engine = new RegExp(`^${text}`, "u");
  return { test: (value) => engine.test(value), cost: (length) => 1 + (length >> 3) };
}

const POSIX: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  digit: "0-9",
  lower: "a-z",
  upper: "A-Z",
  word: "0-9A-Za-z_",
  xdigit: "0-9A-Fa-f",
};

/** Translates a pattern in RE2 syntax to JavaScript; undefined where JavaScript has no equivalent. */
function forJavaScript(text: string): string | undefined {
  const said = text
    .replace(/\[:([a-z]+):\]/g, (all, name: string) => POSIX[name] ?? all)
    .replace(/\\x\{([0-9A-F]+)\}/g, "\\u{$1}");
  return said.includes("[:") ? undefined : said;
}

/** `^.{1,2048}$` and its like: however many characters of one kind, and a count of them. */
function ofOneKind([parts = [], ...others]: readonly (readonly Part[])[]): Pattern | undefined {
  const [start, repeat, end, ...more] = parts;
  if (
    others.length + more.length > 0 ||
    repeat?.kind !== "repeat" ||
    start?.kind !== "text" ||
    end?.kind !== "text"
  )
    return undefined;
  const { part, min, max } = repeat;
  if (start.text !== "^" || end.text !== "$" || part.kind !== "text" || !part.isOne || max <= 1)
    return undefined;
  const kind = onRe2([[start, { ...repeat, min: 0, max: Number.POSITIVE_INFINITY }, end]]);
  return {
    test: (text) => {
      if (text.length < min || text.length > 2 * max) return false;
      const length = [...text].length;
      return length >= min && length <= max && kind.test(text);
    },
    cost: (length) => kind.cost(length),
  };
}

/** `[a-z]{2000,}` and its like, with one end open or both: a run of characters of one kind, at least so many. */
function ofOneRun([parts = [], ...others]: readonly (readonly Part[])[]): Pattern | undefined {
  const isAt = (part: Part | undefined, text: string) => part?.kind === "text" && part.text === text;
  const atStart = isAt(parts[0], "^");
  const atEnd = parts.length > 1 && isAt(parts.at(-1), "$");
  const [repeat, ...more] = parts.slice(atStart ? 1 : 0, atEnd ? -1 : undefined);
  if (others.length + more.length > 0 || repeat?.kind !== "repeat" || (atStart && atEnd)) return undefined;
  const { part, min } = repeat;
  const kind = part.kind === "text" && part.isOne ? forJavaScript(part.text) : undefined;
  if (kind === undefined) return undefined;
  const run = new RegExp(`${kind}+`, "gu");
  return {
    test: (text) => {
      if (min === 0) return true;
      for (const { 0: found, index } of text.matchAll(run)) {
        const isPlaced = (!atStart || index === 0) && (!atEnd || index + found.length === text.length);
        if (isPlaced && found.length >= min && [...found].length >= min) return true;
      }
      return false;
    },
    cost: (length) => 2 + (length >> 2),
  };
}

function written(parts: readonly Part[]): string {
  return parts.map(write).join("");
}

function write(part: Part): string {
  switch (part.kind) {
    case "text":
      return part.text;
    case "group":
      return `${part.opening}${part.branches.map(written).join("|")})`;
    case "repeat":
      return writeRepeat(part);
  }
}

function writeRepeat({ part, min, max, isLazy }: Extract<Part, { kind: "repeat" }>): string {
  const text = part.kind === "text" ? part.text : `(?:${write(part)})`;
  const lazy = isLazy ? "?" : "";
  const most = max === Number.POSITIVE_INFINITY ? min : max;
  const times = (counts: string) => `${text}${counts}${lazy}`;
  if (most * countsOf(part) <= COUNT_LIMIT) return times(signOf(min, max));
  const unit = Math.max(1, Math.floor(COUNT_LIMIT / countsOf(part)));
  const exactly = (count: number): string =>
    times(`{${unit}}`).repeat(Math.floor(count / unit)) +
    (count % unit === 0 ? "" : times(`{${count % unit}}`));
  // Of two ways on, only one is for texts of a certain length: else the engine would follow all of them at once.
  const upTo = (count: number): string =>
    count <= unit
      ? count === 0
        ? ""
        : times(`{0,${count}}`)
      : `(?:${times(`{0,${unit - 1}}`)}|${times(`{${unit}}`)}${upTo(count - unit)})`;
  return exactly(min) + (max === Number.POSITIVE_INFINITY ? times("*") : upTo(max - min));
}

function signOf(min: number, max: number): string {
  if (max !== Number.POSITIVE_INFINITY) return min === 0 && max === 1 ? "?" : `{${min},${max}}`;
  return min === 0 ? "*" : min === 1 ? "+" : `{${min},}`;
}

/** The product of the nested repeat counts in the written part. */
function countsOf(part: Part): number {
  switch (part.kind) {
    case "text":
      return 1;
    case "group":
      return Math.max(1, ...part.branches.flat().map(countsOf));
    case "repeat": {
      const { min, max } = part;
      const most = Math.max(1, max === Number.POSITIVE_INFINITY ? min : max === 1 ? 1 : max);
      return Math.min(COUNT_LIMIT, most * countsOf(part.part));
    }
  }
}

function sizeOf(part: Part): number {
  switch (part.kind) {
    case "text":
      return 1;
    case "group":
      return part.branches.flat().reduce((sum, inside) => sum + sizeOf(inside), 1);
    case "repeat":
      return Math.max(1, part.max === Number.POSITIVE_INFINITY ? part.min : part.max) * sizeOf(part.part);
  }
}

/**
 * Whether a value can be taken for a regular expression (`format: regex`), whichever engine it is meant for. Callers'
 * text is only parsed: compiling it could take seconds and fill the memory.
 */
export function isRegularExpression(text: string): boolean {
  return canParse(text) || canParse(withoutForeignSyntax(text));
}

function canParse(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

/** Syntax of PCRE and RE2 that JavaScript lacks: inline flags, atomic groups, comments, possessive repeats, `(?P<n>`. */
function withoutForeignSyntax(text: string): string {
  return text
    .replace(/\(\?#[^)]{0,99}\)|\(\?[a-zA-Z-]+\)/g, "")
    .replace(/\(\?(?:[>|]|[a-zA-Z-]+:)/g, "(?:")
    .replaceAll("(?P<", "(?<")
    .replace(/(?<!\\)([*+?}])\+/g, "$1");
}
