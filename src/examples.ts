import { readFileSync } from "node:fs";
import { z } from "zod";
import { OPEN_PRINCIPAL } from "./auth/principal.js";
import type { JsonObject } from "./domain/json.js";
import type { AccountService } from "./service/account-service.js";
import type { ConfigService } from "./service/config-service.js";

const EXAMPLES = new URL("../examples/tree.json", import.meta.url);

const TREE = z.object({
  accounts: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      parentId: z.string().optional(),
      isReseller: z.boolean().default(false),
    }),
  ),
  documents: z.array(
    z.object({
      /** Absent: the system layer. */
      accountId: z.string().optional(),
      configId: z.string(),
      values: z.record(z.string(), z.json()),
    }),
  ),
});

/**
 * Fills an empty store with a small tree of accounts and documents on every layer, through the same door as everybody
 * else. A document that the schemas in use do not take is left out: they need not be the ones shipped.
 */
export async function loadExamples(
  accounts: AccountService,
  configs: ConfigService,
): Promise<{ accounts: number; documents: number }> {
  const tree = TREE.parse(JSON.parse(readFileSync(EXAMPLES, "utf8")));
  for (const account of tree.accounts) await accounts.create(OPEN_PRINCIPAL, account);
  let documents = 0;
  const known = new Set(configs.schemas().map(({ id }) => id));
  for (const { accountId, configId, values } of tree.documents) {
    if (!known.has(configId)) continue;
    const target = { accountId, configId };
    const intent = { kind: "SET", values: values as JsonObject } as const;
    const written = await configs.write(OPEN_PRINCIPAL, { target, intent }).catch(() => undefined);
    if (written?.result === "written") documents++;
  }
  return { accounts: tree.accounts.length, documents };
}
