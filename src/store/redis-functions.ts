import { createHash } from "node:crypto";
import { CLOCK_TOLERANCE, GATEWAYS_WITHIN } from "../domain/clock.js";
import { LUA_COMMIT } from "./redis-lua-commit.js";
import { LUA_IMPORT } from "./redis-lua-import.js";
import { LUA_READS } from "./redis-lua-reads.js";
import { TREE_DEPTH } from "./store.js";

/** The format of what is stored. A release writes where the store's `writers` is at most this. */
export const REDIS_FORMAT = 2;

/**
 * What runs inside Redis, where nothing else runs at the same time. JSON goes through as bytes. Numbers go back into text
 * with %.0f: Lua would write 1e+15.
 */
const BODY = `
local FORMAT = ${REDIS_FORMAT}
local TREE_DEPTH = ${TREE_DEPTH}
local TOKENS_WAIT = ${CLOCK_TOLERANCE + GATEWAYS_WITHIN + 1}
${LUA_COMMIT}${LUA_READS}${LUA_IMPORT}`;

/**
 * Two releases of Strata can share a store: each brings its own library under a name that holds the digest of its text,
 * and nobody replaces another's.
 */
const DIGEST = createHash("sha256").update(BODY).digest("hex").slice(0, 16);
export const FUNCTIONS = {
  commit: `strata_commit_${DIGEST}`,
  lineages: `strata_lineages_${DIGEST}`,
  layers: `strata_layers_${DIGEST}`,
  descendants: `strata_descendants_${DIGEST}`,
  found: `strata_found_${DIGEST}`,
  beginImport: `strata_begin_import_${DIGEST}`,
  restoreWrite: `strata_restore_write_${DIGEST}`,
  restoreCounts: `strata_restore_counts_${DIGEST}`,
  restoreAccount: `strata_restore_account_${DIGEST}`,
  finishImport: `strata_finish_import_${DIGEST}`,
  accept: `strata_accept_${DIGEST}`,
  mendDocument: `strata_mend_document_${DIGEST}`,
} as const;

export const FUNCTION_LIBRARY = `#!lua name=strata_${DIGEST}
${BODY}
redis.register_function('${FUNCTIONS.commit}', commit)
redis.register_function{function_name='${FUNCTIONS.lineages}', callback=lineages, flags={'no-writes'}}
redis.register_function{function_name='${FUNCTIONS.layers}', callback=layers, flags={'no-writes'}}
redis.register_function{function_name='${FUNCTIONS.descendants}', callback=descendants, flags={'no-writes'}}
redis.register_function('${FUNCTIONS.found}', found)
redis.register_function('${FUNCTIONS.beginImport}', begin_import)
redis.register_function('${FUNCTIONS.restoreWrite}', restore_write)
redis.register_function('${FUNCTIONS.restoreAccount}', restore_account)
redis.register_function('${FUNCTIONS.restoreCounts}', restore_counts)
redis.register_function('${FUNCTIONS.finishImport}', finish_import)
redis.register_function('${FUNCTIONS.accept}', accept)
redis.register_function('${FUNCTIONS.mendDocument}', mend_document)
`;
