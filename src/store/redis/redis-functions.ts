import { createHash } from "node:crypto";
import { TOKENS_WAIT } from "../../domain/clock.js";
import { QUIET_LIMIT, TREE_DEPTH } from "../store.js";
import { LUA_COMMIT } from "./lua/redis-lua-commit.js";
import { LUA_FACTS, LUA_UPGRADE } from "./lua/redis-lua-facts.js";
import { LUA_HISTORY, LUA_HISTORY_READS } from "./lua/redis-lua-history.js";
import { LUA_IMPORT } from "./lua/redis-lua-import.js";
import { LUA_PAST } from "./lua/redis-lua-past.js";
import { LUA_READS } from "./lua/redis-lua-reads.js";

/** The format of what is stored. A release writes where the store's `writers` is this. */
export const REDIS_FORMAT = 3;
/** Revisions of a document that one commit takes away: where a setting was lowered there may be many to go. */
const TRIM_PER_COMMIT = 100;
/** The format from which a store is brought to this release's: it has neither account histories nor the index by config. */
export const REDIS_UPGRADED_FORMAT = 2;

/**
 * What runs inside Redis, where nothing else runs at the same time. JSON goes through as bytes. Numbers go back into text
 * with %.0f: Lua would write 1e+15.
 */
const BODY = `
local FORMAT = ${REDIS_FORMAT}
local UPGRADED_FORMAT = ${REDIS_UPGRADED_FORMAT}
local TREE_DEPTH = ${TREE_DEPTH}
local TOKENS_WAIT = ${TOKENS_WAIT}
local TRIM_PER_COMMIT = ${TRIM_PER_COMMIT}
local QUIET_LIMIT = ${QUIET_LIMIT}
${LUA_FACTS}${LUA_HISTORY}${LUA_COMMIT}${LUA_READS}${LUA_HISTORY_READS}${LUA_PAST}${LUA_IMPORT}${LUA_UPGRADE}
-- keys: probe; args: milliseconds. A write that changes nothing, by the way that commits take.
local function probe(keys, args)
  return redis.call('SET', keys[1], '1', 'PX', args[1])
end
`;

/**
 * Two releases of Strata can share a store: each brings its own library under a name that holds the digest of its text,
 * and nobody replaces another's.
 */
const DIGEST = createHash("sha256").update(BODY).digest("hex").slice(0, 16);
export const FUNCTIONS = {
  commit: `strata_commit_${DIGEST}`,
  lineages: `strata_lineages_${DIGEST}`,
  layers: `strata_layers_${DIGEST}`,
  texts: `strata_texts_${DIGEST}`,
  layersAt: `strata_layers_at_${DIGEST}`,
  settledLayersAt: `strata_settled_layers_at_${DIGEST}`,
  accountHistory: `strata_account_history_${DIGEST}`,
  history: `strata_history_${DIGEST}`,
  writes: `strata_writes_${DIGEST}`,
  owners: `strata_owners_${DIGEST}`,
  inheriting: `strata_inheriting_${DIGEST}`,
  descendants: `strata_descendants_${DIGEST}`,
  found: `strata_found_${DIGEST}`,
  beginImport: `strata_begin_import_${DIGEST}`,
  restoreWrite: `strata_restore_write_${DIGEST}`,
  restoreCounts: `strata_restore_counts_${DIGEST}`,
  restoreBlame: `strata_restore_blame_${DIGEST}`,
  restoreChange: `strata_restore_change_${DIGEST}`,
  restoreConfig: `strata_restore_config_${DIGEST}`,
  restoreAccount: `strata_restore_account_${DIGEST}`,
  finishImport: `strata_finish_import_${DIGEST}`,
  accept: `strata_accept_${DIGEST}`,
  beginUpgrade: `strata_begin_upgrade_${DIGEST}`,
  upgradeAccounts: `strata_upgrade_accounts_${DIGEST}`,
  upgradeDocuments: `strata_upgrade_documents_${DIGEST}`,
  upgradeFromFeed: `strata_upgrade_from_feed_${DIGEST}`,
  finishUpgrade: `strata_finish_upgrade_${DIGEST}`,
  mendDocument: `strata_mend_document_${DIGEST}`,
  probe: `strata_probe_${DIGEST}`,
} as const;

/** Those that write nothing; Redis runs them also where it takes no writes. */
const READING: ReadonlySet<string> = new Set([
  "lineages",
  "layers",
  "texts",
  "layersAt",
  "descendants",
  "accountHistory",
  "history",
  "writes",
  "owners",
  "inheriting",
]);

/** In Lua each function has the same name, with underscores. */
const REGISTRATIONS = Object.entries(FUNCTIONS).map(([name, registered]) => {
  const callback = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const flags = READING.has(name) ? "'no-writes'" : "";
  return `redis.register_function{function_name='${registered}', callback=${callback}, flags={${flags}}}`;
});

export const FUNCTION_LIBRARY = `#!lua name=strata_${DIGEST}
${BODY}
${REGISTRATIONS.join("\n")}
`;
