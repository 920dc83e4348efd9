/** GraphQL's messages that spell out what the caller sent, and what stays of them; and one that names what no caller can do. */
const QUOTING: readonly (readonly [message: RegExp, kept: string])[] = [
  [/^(Syntax Error: .*?(?:String|BlockString|Int|Float)) ".*$/s, "$1."],
  [/^((?:Enum "\w+"|\w+) cannot represent [\w -]*?value):.*$/s, "$1."],
  [/^Value ".*" does not exist in ("\w+" enum).*$/s, "The value does not exist in the $1."],
  [/^(Expected value of type "[^"]*"), found .*$/s, "$1."],
  [
    /^GraphQL introspection is not allowed.*$/s,
    "Introspection is off here; the server's STRATA_INTROSPECTION switches it on.",
  ],
  [/^Unknown operation named ".*$/s, "There is no operation of that name in the query."],
];

/** A secret in the wrong place must not come back in an error, for errors end up in logs. */
export function withoutValues(message: string): string {
  for (const [pattern, kept] of QUOTING) {
    if (pattern.test(message)) return message.replace(pattern, kept);
  }
  return message;
}
