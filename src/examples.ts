import { readFileSync } from "node:fs";
import { z } from "zod";
import { OPEN_PRINCIPAL } from "./auth/principal.js";
import type { JsonObject } from "./domain/json/json.js";
import type { AccountService } from "./service/account-service.js";
import type { ConfigService } from "./service/config-service.js";
import type { RequestReader } from "./service/read/request-reader.js";

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

type Tree = z.infer<typeof TREE>;

/**
 * Fills an empty store with a small tree of accounts and documents on every layer, through the same door as everybody
 * else, and finishes what a process that died on the way has begun: the last account is made when all else is there.
 * @returns what was loaded; undefined when the store is not empty and not half-filled
 */
export async function loadExamples(
  accounts: AccountService,
  configs: ConfigService,
  reader: RequestReader,
  { rootId, hasDeleted }: { readonly rootId: string | undefined; readonly hasDeleted: boolean },
): Promise<{ accounts: number; documents: number } | undefined> {
  const tree = TREE.parse(JSON.parse(readFileSync(EXAMPLES, "utf8")));
  const [root, last] = [tree.accounts.at(0), tree.accounts.at(-1)];
  if (root === undefined || last === undefined) return undefined;
  // Where accounts were deleted the last one may be missing because somebody did not want it.
  const isBegun =
    rootId === root.id && !hasDeleted && (await accounts.find(OPEN_PRINCIPAL, last.id, reader)) === undefined;
  if (rootId !== undefined && !isBegun) return undefined;
  for (const account of tree.accounts.slice(0, -1)) {
    if ((await accounts.find(OPEN_PRINCIPAL, account.id, reader)) === undefined)
      await accounts.create(OPEN_PRINCIPAL, account);
  }
  const documents = await writeDocuments(configs, tree);
  await accounts.create(OPEN_PRINCIPAL, last);
  return { accounts: tree.accounts.length, documents };
}

/** A document that the schemas in use do not take is left out: they need not be the ones shipped. */
async function writeDocuments(configs: ConfigService, { documents }: Tree): Promise<number> {
  const ids = {
    account: new Set(configs.accountConfigIds()),
    system: new Set(configs.schemas(OPEN_PRINCIPAL).map(({ id }) => id)),
  };
  let count = 0;
  for (const { accountId, configId, values } of documents) {
    if (!ids[accountId === undefined ? "system" : "account"].has(configId)) continue;
    const intent = { kind: "SET", values: values as JsonObject } as const;
    const { result } = await configs.write(OPEN_PRINCIPAL, { target: { accountId, configId }, intent });
    if (result === "written") count++;
  }
  return count;
}
