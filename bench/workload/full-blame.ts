import { type Blame, blameText } from "../../src/domain/change/blame.js";
import { openLmdbStore } from "../../src/store/lmdb/lmdb-store.js";
import type { DocumentKey } from "../../src/store/store.js";

/** As many authors as a large team has. */
const AUTHORS = 50;

/**
 * Gives a stored document the blame that it has when each of its fields was put by a commit of its own, with a note as long
 * as notes may be. Ten thousand commits would take minutes.
 *
 * @returns the bytes of the document and of its blame
 */
export async function plantFullBlame(folder: string, key: DocumentKey): Promise<number> {
  const store = await openLmdbStore({ folder });
  try {
    const { configs } = await store.layers([key], "own");
    const stored = configs[0]?.documents[0];
    if (stored?.override === undefined)
      throw new Error(`There is no document of ${key.configId} in ${folder}.`);
    const override = stored.override;
    const fields = Object.keys(override).length;
    const earlier = Array.from({ length: fields - 1 }, (_, index) => ({
      revision: fields - index,
      time: Date.parse(stored.updatedAt) - (index + 1) * 60_000,
      by: `author-${index % AUTHORS}@example.org`,
      note: `${index} ${"n".repeat(490)}`,
    }));
    const blame: Blame = { earlier, tree: Array.from({ length: fields }, (_, index) => index) };
    const text = blameText(blame);
    await store.commit({
      expect: { documents: [{ key, version: stored.version }], accounts: [] },
      write: { on: "document", key, override, kind: "SET", blame: text },
      at: new Date().toISOString(),
      by: "author-0@example.org",
      schema: undefined,
      operation: { id: "full-blame", digest: "full-blame" },
    });
    return Buffer.byteLength(text) + Buffer.byteLength(JSON.stringify(override));
  } finally {
    await store.close();
  }
}
