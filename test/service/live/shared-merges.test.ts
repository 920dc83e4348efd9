import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { JsonObject } from "../../../src/domain/json/json.js";
import type { Perspective } from "../../../src/schema/config-schema.js";
import { loadSchemaRegistry } from "../../../src/schema/schema-registry.js";
import { sharedMerge } from "../../../src/service/live/shared-merges.js";
import type { StoredDocument } from "../../../src/store/store.js";

const stored = (override: JsonObject): StoredDocument => ({
  version: { revision: 1, sequence: 1, nonce: "n" },
  override,
  updatedAt: "2026-01-01T00:00:00Z",
  updatedBy: "ada",
});

function openPerspective(): Perspective {
  const folder = mkdtempSync(join(tmpdir(), "strata-merges-"));
  const schema = { type: "object", additionalProperties: true };
  writeFileSync(join(folder, "account_config.open.json"), JSON.stringify(schema));
  const loaded = loadSchemaRegistry(folder);
  rmSync(folder, { recursive: true });
  return loaded.configs.get("open")?.forAccount as Perspective;
}

test("a merge is shared with those that inherit documents that are the same objects, and with no others", () => {
  const perspective = openPerspective();
  const [system, reseller] = [stored({ a: 1 }), stored({ b: 2 })];
  const one = sharedMerge(perspective, [stored({ c: 3 }), reseller, system]);
  const other = sharedMerge(perspective, [undefined, reseller, system]);
  expect(one.merged.values).toEqual({ a: 1, b: 2, c: 3 });
  expect(other.merged.values).toEqual({ a: 1, b: 2 });
  expect(other.merged.rest).toBe(one.merged.rest);
  expect(sharedMerge(perspective, [undefined, reseller, system])).toBe(other);
  // The same version, and another content.
  const changed = sharedMerge(perspective, [undefined, stored({ b: 3 }), system]);
  expect(changed.merged.values).toEqual({ a: 1, b: 3 });
  const without = sharedMerge(perspective, [undefined, undefined, system]);
  expect(without.layers).toHaveLength(3);
  expect(without.merged.values).toEqual({ a: 1 });
});
