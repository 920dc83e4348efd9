import { open } from "node:fs/promises";
import { ExportWriter } from "../../src/archive/export-writer.js";
import { benchAccounts, benchDocuments, type Population } from "./accounts.js";

const AT = "2026-01-01T00:00:00.000Z";

/** Writes a whole population as an export of Strata's, for `strata import`: the fast way to fill a store. */
export async function writeExportFile(path: string, population: Population): Promise<void> {
  const file = await open(path, "w");
  try {
    const writer = new ExportWriter(async (bytes) => void (await file.appendFile(bytes)));
    await writer.header({ incarnation: "bench", from: 0, at: AT });
    let sequence = 0;
    const version = () => ({ revision: 1, sequence: ++sequence, nonce: "bench" });
    for (const account of benchAccounts(population)) {
      const name = `Account ${account.id}`;
      await writer.item({ on: "account", account: { ...account, name, createdAt: AT, version: version() } });
    }
    for (const { accountId, config, text } of benchDocuments(population)) {
      const key = { accountId, configId: config };
      await writer.item({ on: "document", key, version: version(), kind: "SET", at: AT, by: "bench", text });
    }
    await writer.end({ sequence, dropped: 0 });
  } finally {
    await file.close();
  }
}
