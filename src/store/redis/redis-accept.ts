import { StrataError } from "../../domain/errors.js";
import { parseVersion, versionOfRecord } from "../records.js";
import type { RedisArchiveOptions } from "./redis-archive-source.js";
import { callFunction, makeNonce, sendFunctions } from "./redis-call.js";
import { RedisConnection } from "./redis-connection.js";
import { FUNCTIONS } from "./redis-functions.js";
import { halfWritten, readState } from "./redis-half-written.js";
import { RedisKeys } from "./redis-keys.js";
import { parseDocumentName, scanKeys } from "./redis-scan.js";
import { madeAnew } from "./redis-upgrade.js";
import { describeCell } from "./redis-url.js";
import { UNFINISHED_IMPORT } from "./redis-write-guard.js";

/**
 * Says, for all gateways, that what is in the store now is what they shall go on with: a new life of it begins. A store
 * of which a part of a commit was written is mended first: documents are made whole, histories of accounts and the index
 * by config made to fit, and commits counted anew.
 * @returns the new incarnation
 * @throws StrataError STORE_UNAVAILABLE when it cannot be reached, or an import into it is not finished
 */
export async function acceptRedisStore(options: RedisArchiveOptions): Promise<string> {
  const { target, cell } = options;
  const keys = new RedisKeys(cell);
  const { meta, sequence, tree, feed, begun, dropped } = keys;
  const connection = new RedisConnection({ target, name: "strata-accept", routeKey: meta });
  try {
    await connection.firstReady();
    const isTorn = halfWritten(await readState(connection, keys)) !== undefined;
    const revisions = isTorn ? await mended(connection, keys) : "";
    const incarnation = makeNonce();
    const names = [meta, sequence, tree, feed, begun, dropped] as const;
    const call = [FUNCTIONS.accept, names.length, ...names, incarnation, makeNonce(), revisions] as const;
    if ((await callFunction(connection, ["FCALL", ...call])) === "done") return incarnation;
    const message = `Redis at ${describeCell(options)} cannot be used: ${UNFINISHED_IMPORT}.`;
    throw new StrataError("STORE_UNAVAILABLE", message);
  } finally {
    connection.close();
  }
}

/** @returns how many revisions of accounts and documents there are then */
async function mended(connection: RedisConnection, keys: RedisKeys): Promise<number> {
  const revisions = new Map<string, number>();
  for await (const page of scanKeys(connection, `${keys.historyPrefix}*`)) {
    const commands = page.map((name) => {
      const key = parseDocumentName(name.slice(keys.historyPrefix.length));
      const names = [keys.document(key), keys.version(key), keys.history(key), keys.configs(key)];
      return ["FCALL", FUNCTIONS.mendDocument, names.length, ...names, key.configId] as const;
    });
    for (const [index, answer] of (await sendFunctions(connection, commands)).entries()) {
      if (answer instanceof Error) throw answer;
      revisions.set(page[index] ?? "", Number(answer));
    }
  }
  for await (const page of scanKeys(connection, `${keys.accountPrefix}*`)) {
    const records = (await connection.call(["MGET", ...page])) as (string | null)[];
    for (const [index, record] of records.entries())
      if (record !== null) revisions.set(page[index] ?? "", parseVersion(versionOfRecord(record)).revision);
  }
  for await (const _ of madeAnew(connection, keys));
  return [...revisions.values()].reduce((sum, revision) => sum + revision, 0);
}
