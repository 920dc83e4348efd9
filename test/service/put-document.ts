import { randomUUID } from "node:crypto";
import type { JsonObject } from "../../src/domain/json/json.js";
import type { Constraint } from "../../src/domain/merge/constraint.js";
import type { DocumentKey, Store } from "../../src/store/store.js";

/** Puts a document past all checks, as an older release or another schema may have left it. */
export async function putDocument(
  store: Store,
  key: DocumentKey,
  override: JsonObject | undefined,
  { constraints = [], pins = [] }: { constraints?: readonly Constraint[]; pins?: readonly string[] } = {},
): Promise<void> {
  const { documents } = await store.versions({ accounts: [], documents: [key] });
  const outcome = await store.commit({
    expect: { documents: [{ key, version: documents[0] }], accounts: [] },
    write: {
      ...{ on: "document", key, override, kind: "SET" },
      ...(constraints.length > 0 && { constraints }),
      ...(pins.length > 0 && { pins }),
    },
    at: new Date(0).toISOString(),
    by: "test",
    schema: undefined,
    operation: { id: randomUUID(), digest: "" },
  });
  if (outcome.outcome !== "done") throw new Error(JSON.stringify(outcome));
}
