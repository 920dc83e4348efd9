import type { ConfigTarget } from "../../../src/service/config-catalog.js";
import type { ArchiveItem } from "../../../src/store/archive.js";
import { openRedisArchiveTarget } from "../../../src/store/redis/redis-archive-target.js";
import { parseRedisUrl } from "../../../src/store/redis/redis-url.js";

/** A store of any size: accounts under a few resellers, every tenth with a document of its own. */
export const SCALE_SCHEMAS = {
  "account_config.scale": { type: "object", additionalProperties: true },
  "system_config.scale": { type: "object", additionalProperties: true },
};
/** Says whose document is in force. */
export const LABEL = "label";
export const RESELLERS = 10;
const EVERY = 10;
/** In a document of an account about 7 KB; what all of them share is small. */
const SETTINGS = 200;
const SHARED_SETTINGS = 10;
const ITEMS_AT_ONCE = 10_000;
const AT = "2026-03-01T10:00:00.000Z";

export function accountId(index: number): string {
  return `account-${index}`;
}

export function hasDocument(index: number): boolean {
  return Math.floor(index / RESELLERS) % EVERY === EVERY - 1;
}

export function configOf(index: number): ConfigTarget {
  return { accountId: accountId(index), configId: "scale" };
}

/** What the account's config has to say. */
export function labelOf(index: number): string {
  return hasDocument(index) ? accountId(index) : resellerOf(index);
}

function resellerOf(index: number): string {
  return `reseller-${index % RESELLERS}`;
}

/** Straight into Redis, in the form that the store has there. @returns how many accounts and documents */
export async function fillStore(url: string, cell: string, accounts: number): Promise<number> {
  const target = await openRedisArchiveTarget({ target: parseRedisUrl(url), cell });
  try {
    await target.begin("scale", false);
    let sequence = 0;
    let batch: ArchiveItem[] = [];
    for (const item of items(accounts)) {
      sequence++;
      if (batch.push(item) < ITEMS_AT_ONCE) continue;
      await target.restore(batch);
      batch = [];
    }
    await target.restore(batch);
    await target.finish(sequence, 0);
    return sequence;
  } finally {
    await target.close();
  }
}

function* items(accounts: number): Generator<ArchiveItem> {
  let sequence = 0;
  const version = () => ({ revision: 1, sequence: ++sequence, nonce: "filled" });
  const account = (id: string, parentId: string | undefined, isReseller: boolean): ArchiveItem => ({
    on: "account",
    account: { id, name: id, parentId, isReseller, createdAt: AT, version: version() },
  });
  const document = (owner: string | undefined, settings = SHARED_SETTINGS): ArchiveItem => ({
    on: "document",
    key: { accountId: owner, configId: "scale" },
    version: version(),
    kind: "SET",
    at: AT,
    by: "filling",
    text: documentText(owner ?? "system", settings),
  });
  yield account("root", undefined, false);
  yield document(undefined);
  for (let index = 0; index < RESELLERS; index++) {
    yield account(resellerOf(index), "root", true);
    yield document(resellerOf(index));
  }
  for (let index = 0; index < accounts; index++) {
    yield account(accountId(index), resellerOf(index), false);
    if (hasDocument(index)) yield document(accountId(index), SETTINGS);
  }
}

function documentText(owner: string, count: number): string {
  const settings = Array.from({ length: count }, (_, n) => [`setting${n}`, `${n} of ${owner}`]);
  return JSON.stringify({ [LABEL]: owner, ...Object.fromEntries(settings) });
}
