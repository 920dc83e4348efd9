/** What is promised: one measurement held against another of the same run. */
export interface Row {
  readonly id: string;
  readonly what: string;
  readonly top: string;
  readonly bottom: string;
  /** The least ratio that counts as reached; undefined: for information. */
  readonly target?: number;
  /** Whether the CPU of databases counts as well: where one contender works in its database, and the other does not. */
  readonly withDatabase?: boolean;
}

export const ROWS: readonly Row[] = [
  row("hot-lmdb", "heavy hot, LMDB ÷ Apollo hello", "heavy hot lmdb", "hello apollo", 2),
  row("hot-redis", "heavy hot, Redis ÷ Apollo hello", "heavy hot redis", "hello apollo", 1),
  row("cold-lmdb", "heavy cold, LMDB ÷ Apollo hello", "heavy cold lmdb", "hello apollo", 0.6),
  row("cold-redis", "heavy cold, Redis ÷ Apollo hello", "heavy cold redis", "hello apollo"),
  row("static", "heavy hot, LMDB ÷ node:http static body", "heavy hot lmdb", "body static", 0.25),
  {
    ...row(
      "postgraphile-hot",
      "heavy hot, LMDB ÷ PostGraphile",
      "heavy hot lmdb",
      "heavy hot postgraphile",
      12,
    ),
    withDatabase: true,
  },
  {
    ...row(
      "postgraphile-cold",
      "heavy cold, LMDB ÷ PostGraphile",
      "heavy cold lmdb",
      "heavy cold postgraphile",
      6,
    ),
    withDatabase: true,
  },
  row("lodash-lmdb", "heavy hot, LMDB ÷ fastify + lodash values", "heavy hot lmdb", "values hot lodash", 0.9),
  row(
    "lodash-redis",
    "heavy hot, Redis ÷ fastify + lodash values",
    "heavy hot redis",
    "values hot lodash",
    0.9,
  ),
  row("batch", "batch of 100, per config ÷ light, one config", "batch lmdb", "light lmdb", 5),
  row("mixed-lmdb", "mixed ÷ heavy hot, LMDB", "mixed lmdb", "heavy hot lmdb", 0.7),
  row("mixed-redis", "mixed ÷ heavy hot, Redis", "mixed redis", "heavy hot redis", 0.7),
  row("accounts", "10^6 accounts ÷ 10^3 accounts, heavy", "heavy 1e6 accounts", "heavy 1e3 accounts", 0.9),
  row("mercurius", "heavy hot, Redis ÷ mercurius with jit", "heavy hot redis", "heavy hot mercurius"),
  row("unleash", "heavy hot, LMDB ÷ Unleash features", "heavy hot lmdb", "flags unleash"),
  row("token", "heavy hot with a token ÷ without", "heavy hot token", "heavy hot lmdb"),
  row("hot-gzip", "heavy hot with gzip ÷ without, LMDB", "heavy hot gzip", "heavy hot lmdb", 0.9),
  row("hot-br", "heavy hot with br ÷ without, LMDB", "heavy hot br", "heavy hot lmdb", 0.9),
  row("limit", "heavy hot with a shared rate limit ÷ without", "heavy hot limited", "heavy hot lmdb"),
  row("logging", "heavy hot without log lines ÷ with", "heavy hot quiet", "heavy hot lmdb"),
  row("write-lmdb", "write, LMDB ÷ Apollo hello", "write lmdb", "hello apollo"),
  row("write-redis", "write, Redis ÷ Apollo hello", "write redis", "hello apollo"),
];

/** The row that is no ratio: what the heap grows by, in MB. */
export const MEMORY = {
  id: "memory",
  most: 1,
} as const;

function row(id: string, what: string, top: string, bottom: string, target?: number): Row {
  return { id, what, top, bottom, ...(target !== undefined && { target }) };
}
