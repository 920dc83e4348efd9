import { type PastAccount, type PastEntries, pastConfig } from "../past-records.js";
import { keyOf, parseAccount, SYSTEM_OWNER } from "../records.js";
import { isOver, momentAfter } from "../settled-moment.js";
import { type DocumentKey, keyText, type LayersAfter, type LayersAt } from "../store.js";
import type { RedisCommand } from "./redis-connection.js";
import { FUNCTIONS } from "./redis-functions.js";
import type { RedisKeys } from "./redis-keys.js";

/** @param at a moment, or a sequence */
export function layersAtCommand(
  keys: RedisKeys,
  targets: readonly DocumentKey[],
  at: string | number,
): RedisCommand {
  return ["FCALL_RO", FUNCTIONS.layersAt, ...callOf(keys, targets, at)];
}

/** The same, after which no commit gets a time at or before the moment. It writes down that. */
export function settledLayersAtCommand(
  keys: RedisKeys,
  targets: readonly DocumentKey[],
  moment: string,
): RedisCommand {
  const call = callOf(keys, targets, moment);
  return ["FCALL", FUNCTIONS.settledLayersAt, ...call, momentAfter(moment)];
}

function callOf(
  keys: RedisKeys,
  targets: readonly DocumentKey[],
  at: string | number,
): readonly (string | number)[] {
  const names = [keys.tree, keys.meta, keys.sequence, keys.feed, keys.time];
  const place = typeof at === "number" ? ["", at] : [at, ""];
  const wanted = targets.flatMap(({ accountId, configId }) => [accountId ?? SYSTEM_OWNER, configId]);
  return [names.length, ...names, keys.prefix, SYSTEM_OWNER, ...place, ...wanted];
}

/** What the function for layers answers. */
export type LayersAnswer = [
  tree: string | null,
  incarnation: string | null,
  sequence: string | null,
  records: string[],
  configs: (string | null)[][],
];

/** What the function answers; empty text stands for what is not there. */
export type LayersAtAnswer = [
  tree: string | null,
  incarnation: string | null,
  newest: string,
  feedStart: string,
  sequence: string,
  change: string,
  accounts: [id: string, now: string, last: string, next: string, deletedSince: string][],
  documents: [owner: string, configId: string, last: string, next: string][],
];

export function parseLayersAt(
  answer: LayersAtAnswer,
  targets: readonly DocumentKey[],
  moment: string,
  now: string,
): LayersAt {
  const newest = answer[2];
  return {
    newest: newest || undefined,
    isOver: isOver(moment, now, newest),
    ...parseConfigs(answer, targets, moment),
  };
}

/** @param moment undefined: it was asked for by sequence */
export function parseConfigs(
  [, incarnation, newest, feedStart, sequence, change, accounts, documents]: LayersAtAnswer,
  targets: readonly DocumentKey[],
  moment: string | undefined,
): LayersAfter {
  const foundAccounts = new Map(
    accounts.map(([id, now, last, next, deletedSince]): [string, PastAccount] => [
      id,
      {
        now: now === "" ? undefined : parseAccount(now),
        deletedSince: deletedSince === "1",
        ...entriesOf(last, next),
      },
    ]),
  );
  const foundDocuments = new Map(
    documents.map(([owner, configId, last, next]) => [
      keyText(keyOf(owner, configId)),
      entriesOf(last, next),
    ]),
  );
  const records = {
    moment,
    sequence: sequence === "" ? undefined : Number(sequence),
    change: change || undefined,
    newest,
    feedStart,
    account: (id: string) => foundAccounts.get(id) ?? { now: undefined, ...NOTHING },
    document: (key: DocumentKey) => foundDocuments.get(keyText(key)) ?? NOTHING,
  };
  return {
    incarnation: incarnation ?? "",
    configs: targets.map((target) => pastConfig(records, target)),
  };
}

const NOTHING: PastEntries = { last: undefined, next: undefined };

function entriesOf(last: string, next: string): PastEntries {
  return { last: last || undefined, next: next || undefined };
}
