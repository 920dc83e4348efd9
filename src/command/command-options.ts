import { parseArgs } from "node:util";

/** A command that was not given as it has to be; the message says how. */
export class UsageError extends Error {}

/** The options of a command by name, and whether each has a value. */
export type OptionShape = Readonly<Record<string, { readonly type: "string" | "boolean" }>>;

export interface GivenOptions {
  /** The value of an option; undefined when it was not given. */
  value(name: string): string | undefined;
  isSet(name: string): boolean;
  /** Arguments that are not options, in order. */
  readonly operands: readonly string[];
}

/**
 * Reads what follows a command. No message repeats a value: it may be a URL with a password.
 * @throws UsageError
 */
export function readOptions(args: readonly string[], options: OptionShape): GivenOptions {
  const { tokens } = parseArgs({
    args: [...args],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, string>();
  const set = new Set<string>();
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName, value, inlineValue } = token;
    const type = Object.hasOwn(options, name) ? options[name]?.type : undefined;
    if (type === undefined || rawName !== `--${name}`)
      throw new UsageError(`There is no option ${named(rawName)}.`);
    if (type === "boolean" && inlineValue === true)
      throw new UsageError(`The option --${name} takes no value.`);
    if (type === "string" && (!value || (inlineValue !== true && /^-./.test(value))))
      throw new UsageError(`The option --${name} needs a value.`);
    set.add(name);
    if (value !== undefined) values.set(name, value);
  }
  return { value: (name) => values.get(name), isSet: (name) => set.has(name), operands };
}

/** The typed text, if it is a plain word; other text may hold a secret and is not quoted. */
export function named(word: string): string {
  return /^-{0,2}[a-z][a-z-]{0,20}$/i.test(word) ? word : "of that name";
}
