import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A folder of a test's own, gone when the test is. `where` may name a faster disk. */
export function temporaryFolder(where = tmpdir()): string {
  const folder = mkdtempSync(join(where, "strata-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes JSON files, by name without `.json`, into a folder of their own. */
export function schemaFolder(schemas: Readonly<Record<string, unknown>>): string {
  const folder = join(temporaryFolder(), "schemas");
  mkdirSync(folder);
  for (const [name, schema] of Object.entries(schemas)) {
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(schema));
  }
  return folder;
}
