import { Lexer, Source, type Token, TokenKind } from "graphql";
import { QUERY_LIMITS, tooComplex } from "./query-limits.js";

/**
 * Refuses a text that would take too long, or too much stack, to parse and validate. Reads it as the parser would, so
 * that no string or comment hides a bracket; where the text is no GraphQL it stops, as the parser will.
 * @throws StrataError QUERY_TOO_COMPLEX, limit `characters`, `tokens`, `depth` or `repeats`
 */
export function checkQueryText(text: string): void {
  if (text.length > QUERY_LIMITS.characters) {
    throw tooComplex(
      "characters",
      `The query is longer than ${QUERY_LIMITS.characters} characters. Use variables for data.`,
    );
  }
  const shape = new Shape();
  for (const token of tokens(text)) {
    shape.take(token);
    if (shape.tokens > QUERY_LIMITS.tokens) {
      throw tooComplex(
        "tokens",
        `The query has more than ${QUERY_LIMITS.tokens} tokens. Use variables for data.`,
      );
    }
    if (shape.depth > QUERY_LIMITS.depth) {
      throw tooComplex(
        "depth",
        `The query is nested deeper than ${QUERY_LIMITS.depth} levels. Use variables for data.`,
      );
    }
    if (shape.repeats > QUERY_LIMITS.repeats) {
      throw tooComplex(
        "repeats",
        `The query has more than ${QUERY_LIMITS.repeats} fragments and fields that are selected again beside themselves.`,
      );
    }
  }
}

function* tokens(text: string): Generator<Token> {
  const lexer = new Lexer(new Source(text));
  for (;;) {
    try {
      lexer.advance();
    } catch {
      return;
    }
    if (lexer.token.kind === TokenKind.EOF) return;
    yield lexer.token;
  }
}

/** Counts made while the tokens of a query are read. */
class Shape {
  tokens = 0;
  depth = 0;
  /** Fragments, spreads beside another, and fields under a name that their selection has already. */
  repeats = 0;
  #parentheses = 0;
  /** The names in each selection that is open; those of arguments and values are none. */
  readonly #selections: Set<string>[] = [];
  #before: TokenKind = TokenKind.SOF;

  take({ kind, value }: Token): void {
    this.tokens++;
    if (kind === TokenKind.PAREN_L) this.#parentheses++;
    if (kind === TokenKind.PAREN_R) this.#parentheses--;
    if (isOpening(kind)) this.depth++;
    if (isClosing(kind)) this.depth--;
    if (this.#parentheses === 0) this.#select(kind, value);
    this.#before = kind;
  }

  #select(kind: TokenKind, name: string): void {
    if (kind === TokenKind.BRACE_L) this.#selections.push(new Set());
    else if (kind === TokenKind.BRACE_R) this.#selections.pop();
    else if (kind === TokenKind.SPREAD) this.#count("...");
    else if (kind === TokenKind.NAME && isOwnName(this.#before)) this.#count(name);
  }

  #count(name: string): void {
    const names = this.#selections.at(-1);
    if (names === undefined) {
      if (name === "fragment") this.repeats++;
    } else if (names.has(name)) {
      this.repeats++;
    } else {
      names.add(name);
    }
  }
}

/** After a colon there is the field behind an alias, after `@` a directive, after `...` a fragment or `on`. */
function isOwnName(before: TokenKind): boolean {
  return before !== TokenKind.COLON && before !== TokenKind.AT && before !== TokenKind.SPREAD;
}

function isOpening(kind: TokenKind): boolean {
  return kind === TokenKind.BRACE_L || kind === TokenKind.BRACKET_L || kind === TokenKind.PAREN_L;
}

function isClosing(kind: TokenKind): boolean {
  return kind === TokenKind.BRACE_R || kind === TokenKind.BRACKET_R || kind === TokenKind.PAREN_R;
}
