import type { StoreNotice } from "../store-notice.js";
import { callFunction, makeNonce, sendFunctions } from "./redis-call.js";
import type { RedisCommand, RedisConnection } from "./redis-connection.js";
import { FUNCTIONS, REDIS_FORMAT, REDIS_UPGRADED_FORMAT } from "./redis-functions.js";
import type { RedisKeys } from "./redis-keys.js";
import { parseDocumentName, scanKeys } from "./redis-scan.js";

/** Nothing else runs inside Redis while so many are looked at. */
const ITEMS_PER_CALL = 100;
const FEED_ENTRIES_PER_CALL = 500;
const LOCK_MS = 10_000;
const TELL_EVERY_MS = 1_000;

/** Says that only releases which keep account histories and the index by config write here from now on. */
export async function beginUpgrade(connection: RedisConnection, keys: RedisKeys): Promise<void> {
  await callFunction(connection, ["FCALL", FUNCTIONS.beginUpgrade, 1, keys.meta, REDIS_UPGRADED_FORMAT]);
}

export interface UpgradeOptions {
  /** How messages call the store. */
  readonly place: string;
  readonly tell: (notice: StoreNotice) => void;
  readonly signal: AbortSignal;
}

/**
 * Makes account histories and the index by config for a store that lacks them, or a part of them, while gateways read and
 * write. Each step is harmless a second time, and the format is raised last: what one gateway leaves half done, because it was
 * killed or lost its connection, another one or the next does.
 * @throws Error when Redis does not answer or is replaced meanwhile
 */
export async function upgradeRedisStore(
  connection: RedisConnection,
  keys: RedisKeys,
  { place, tell, signal }: UpgradeOptions,
): Promise<void> {
  const incarnation = await connection.call(["HGET", keys.meta, "incarnation"]);
  if (typeof incarnation !== "string") return;
  const holder = makeNonce();
  if ((await connection.call(["SET", keys.upgrading, holder, "NX", "PX", LOCK_MS])) !== "OK") return;
  const say = (message: string) => tell({ level: "info", message: `Redis at ${place}: ${message}` });
  let [items, toldAt] = [0, performance.now()];
  say(`account histories and the index by config of format ${REDIS_FORMAT} are being made; writes go on.`);
  try {
    for await (const seen of steps(connection, keys)) {
      if (signal.aborted) return;
      items += seen;
      await connection.call(["PEXPIRE", keys.upgrading, LOCK_MS]);
      if (performance.now() - toldAt < TELL_EVERY_MS) continue;
      toldAt = performance.now();
      say(`${items.toLocaleString("en")} entries were looked at so far.`);
    }
    const call = [FUNCTIONS.finishUpgrade, 1, keys.meta, incarnation] as const;
    if ((await callFunction(connection, ["FCALL", ...call])) === "done")
      say(`the store has format ${REDIS_FORMAT} now: ${items.toLocaleString("en")} entries were looked at.`);
  } finally {
    await connection.call(["DEL", keys.upgrading]).catch(() => {});
  }
}

/** @returns after each step how many entries it has looked at */
async function* steps(connection: RedisConnection, keys: RedisKeys): AsyncGenerator<number> {
  for (let after = "-"; after !== ""; ) {
    const args = [keys.prefix, after === "-" ? after : `(${after}`, FEED_ENTRIES_PER_CALL] as const;
    const call = [FUNCTIONS.upgradeFromFeed, 2, keys.feed, keys.lastCommits, ...args] as const;
    after = String(await callFunction(connection, ["FCALL", ...call]));
    yield after === "" ? 0 : FEED_ENTRIES_PER_CALL;
  }
  yield* madeAnew(connection, keys);
}

/** Makes histories and index fit the accounts and documents that there are. @returns as `steps` */
export async function* madeAnew(connection: RedisConnection, keys: RedisKeys): AsyncGenerator<number> {
  const { accountPrefix, accountHistoryPrefix, versionPrefix } = keys;
  for (const prefix of [accountPrefix, accountHistoryPrefix])
    for await (const page of scanKeys(connection, `${prefix}*`))
      yield* sent(connection, page, (names) =>
        upgradeAccounts(
          keys,
          names.map((name) => name.slice(prefix.length)),
        ),
      );
  for await (const page of scanKeys(connection, `${versionPrefix}*`))
    yield* sent(connection, page, (names) => upgradeDocuments(keys, names));
}

async function* sent(
  connection: RedisConnection,
  page: readonly string[],
  command: (names: readonly string[]) => RedisCommand,
): AsyncGenerator<number> {
  for (let at = 0; at < page.length; at += ITEMS_PER_CALL) {
    const names = page.slice(at, at + ITEMS_PER_CALL);
    const [answer] = await sendFunctions(connection, [command(names)]);
    if (answer instanceof Error) throw answer;
    yield names.length;
  }
}

function upgradeAccounts(keys: RedisKeys, ids: readonly string[]): RedisCommand {
  const names = ids.flatMap((id) => [keys.account(id), keys.accountHistory(id)]);
  return ["FCALL", FUNCTIONS.upgradeAccounts, names.length, ...names];
}

function upgradeDocuments(keys: RedisKeys, versionNames: readonly string[]): RedisCommand {
  const documents = versionNames.map((name) => parseDocumentName(name.slice(keys.versionPrefix.length)));
  const names = documents.flatMap((key) => [
    keys.version(key),
    keys.document(key),
    keys.owners(key.configId),
  ]);
  const args = documents.flatMap(({ accountId, configId }) => [accountId ?? "", configId]);
  return ["FCALL", FUNCTIONS.upgradeDocuments, 1 + names.length, keys.lastCommits, ...names, ...args];
}
