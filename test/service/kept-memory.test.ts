import { expect, test } from "vitest";
import { heapMebibytes } from "../heap.js";
import { FAST_DISK } from "../store/test-store.js";
import { schemaFolder, temporaryFolder } from "../temporary-folder.js";
import { OPEN_SCHEMAS, openServices, written } from "./services.js";

test("what is kept of large documents stays within bounds", async () => {
  const services = await openServices(schemaFolder(OPEN_SCHEMAS), temporaryFolder(FAST_DISK));
  await services.tree(["root"], ["leaf", "root"]);
  const before = heapMebibytes();
  // Each is one field of 80,000 small objects, some 5 MiB.
  for (let i = 0; i < 40; i++) {
    written(await services.set("leaf", "open", { a: [i, ...Array.from({ length: 80_000 }, () => ({}))] }));
    // What is asked for once is not kept.
    for (let times = 0; times < 2; times++) await services.read("leaf", "open");
  }
  const kept = heapMebibytes() - before;
  // Whatever keeps it is still there.
  await services.read("leaf", "open");
  expect(kept).toBeGreaterThan(20);
  expect(kept).toBeLessThan(128 + 16);
});
