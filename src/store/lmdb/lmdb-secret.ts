import type { Database } from "./lmdb-database.js";
import type { Work } from "./lmdb-ticket.js";

const KEY = "secret";

export function secretOf(database: Database): string | undefined {
  return database.get(KEY);
}

/** Keeps a secret where there is none yet. What becomes of it: the one that is kept. */
export function secretWork(made: string): Work<string> {
  return {
    characters: made.length,
    decide: (database) => {
      const known = secretOf(database);
      if (known === undefined) database.put(KEY, made);
      return known ?? made;
    },
    isThere: (database, kept) => secretOf(database) === kept,
  };
}
