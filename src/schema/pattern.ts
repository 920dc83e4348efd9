import { RE2JS } from "re2js";

/** A compiled `pattern`; `test` looks for a match anywhere in the text, as JSON Schema asks. */
export interface Pattern {
  test(text: string): boolean;
  /** The pattern's own text: validators tell patterns apart by it. */
  toString(): string;
}

/** Patterns are as many as the schema files hold, not as callers send; compiling one twice would be waste. */
const compiled = new Map<string, Pattern>();

/** Letters and digits that mean something after a backslash; any other would be taken for itself, without a word. */
const ESCAPES = /^[0-9abBcdDEfnpPQrsStuvwWxz]$|^A$/;

/**
 * Patterns come from schema files and meet callers' text, so they run on an engine whose time is linear in the text.
 * It reads POSIX classes such as `[[:alnum:]]` too; it has no look-around and no backreferences.
 * @throws Error naming what the engine cannot read
 */
export function compilePattern(pattern: string): Pattern {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  for (const [, letter = ""] of pattern.matchAll(/\\([\s\S])/g)) {
    if (/[A-Za-z0-9]/.test(letter) && !ESCAPES.test(letter)) throw new Error(`unknown escape \\${letter}`);
  }
  const engine = RE2JS.compile(RE2JS.translateRegExp(pattern));
  const made: Pattern = { test: (text) => engine.test(text), toString: () => pattern };
  compiled.set(pattern, made);
  return made;
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

/** What PCRE and RE2 have and JavaScript has not: inline flags, atomic groups, comments, possessive repeats, `(?P<n>`. */
function withoutForeignSyntax(text: string): string {
  return text
    .replace(/\(\?#[^)]{0,99}\)|\(\?[a-zA-Z-]+\)/g, "")
    .replace(/\(\?(?:[>|]|[a-zA-Z-]+:)/g, "(?:")
    .replaceAll("(?P<", "(?<")
    .replace(/(?<!\\)([*+?}])\+/g, "$1");
}
