import { accountBody, changeBody, headerText, parseVersion } from "../records.js";
import {
  type AccountWrite,
  type Commit,
  type HistoryRetention,
  type Position,
  type Versions,
  versionText,
} from "../store.js";
import { makeNonce } from "./redis-call.js";
import type { RedisCommand } from "./redis-connection.js";
import { FUNCTIONS } from "./redis-functions.js";
import type { RedisKeys } from "./redis-keys.js";

export interface RedisRetention extends HistoryRetention {
  readonly feedEntries: number;
  readonly namedOperations: number;
  readonly operationLifeMs: { readonly own: number; readonly named: number };
}

const DOCUMENTS_ARGUMENT = 9;
/** Where the function puts the commit's time: JSON has no such character of its own. */
const TIME = "\u0001";

/**
 * A commit as a call of the function that does it; the function's text says what each place means.
 * @param known the state of the store below which it must not be
 * @param text the document's text; undefined removes it
 */
export function commitCommand(
  keys: RedisKeys,
  known: Position,
  { feedEntries, namedOperations, operationLifeMs, historyRevisions, historyBytes }: RedisRetention,
  commit: Commit,
  text: string | undefined,
): RedisCommand {
  const { expect, operation, at, by, schema, note } = commit;
  const origin = { at: TIME, by, schema, note };
  const write = stampable(commit.write);
  const { meta, sequence, tree, root, feed, time, begun } = keys;
  const names = [
    ...[meta, sequence, tree, root, feed, keys.operation(operation), time, begun, keys.named],
    ...expect.documents.map(({ key }) => keys.version(key)),
    ...expect.accounts.map(({ id }) => keys.account(id)),
    ...writtenKeys(keys, write),
  ];
  const isNamed = operation.memo !== undefined;
  const life = isNamed ? operationLifeMs.named : operationLifeMs.own;
  const remembered = isNamed ? [operation.id, namedOperations, operation.memo ?? ""] : ["", "", ""];
  const versions = [...expect.documents, ...expect.accounts].map(({ version }) => versionText(version));
  const written =
    write.on === "document"
      ? [
          headerText({ kind: write.kind, ...origin, restoredFrom: write.restoredFrom }),
          ...[write.key.configId, write.key.accountId ?? "", text ?? "", write.blame ?? ""],
          ...[historyRevisions, historyBytes, expect.quietSince?.sequence ?? ""],
        ]
      : [accountBody(write.account), ...accountArguments(keys, write)];
  return [
    "FCALL",
    ...[FUNCTIONS.commit, names.length, ...names],
    ...[known.incarnation, known.sequence, operation.digest, life],
    ...[expect.tree ?? "", expect.noRoot ? "1" : "", feedEntries, makeNonce(), at],
    ...[expect.documents.length, expect.accounts.length, ...remembered, ...versions],
    ...[changeBody({ write, ...origin }), ...written],
  ];
}

/** A creation's time is for the function to say. */
function stampable(write: Commit["write"]): Commit["write"] {
  if (write.on === "document" || write.kind !== "CREATE") return write;
  const { tokensFrom: _, ...account } = write.account;
  return { ...write, account: { ...account, createdAt: TIME } };
}

function writtenKeys(keys: RedisKeys, write: Commit["write"]): string[] {
  if (write.on === "document") {
    const { key } = write;
    return [
      ...[keys.version(key), keys.document(key), keys.history(key), keys.configs(key)],
      ...[keys.owners(key.configId), keys.lastCommits, keys.blame(key)],
    ];
  }
  return [keys.account(write.account.id)];
}

function accountArguments({ prefix }: RedisKeys, { kind, account }: AccountWrite): string[] {
  const { id, parentId = "", isReseller } = account;
  return [kind, id, parentId, isReseller ? "reseller" : "", prefix, makeNonce()];
}

/** The versions that the function found where it expected others. */
export function conflictIn(
  [tree, sequence, found]: readonly unknown[],
  [, , keyCount, ...rest]: RedisCommand,
): Versions {
  const versions = (found as string[]).map((text) => (text === "-" ? undefined : parseVersion(text)));
  const documents = Number(rest[Number(keyCount) + DOCUMENTS_ARGUMENT]);
  return {
    tree: String(tree),
    // The function compares it first.
    incarnation: String(rest[Number(keyCount)]),
    sequence: Number(sequence),
    accounts: versions.slice(documents),
    documents: versions.slice(0, documents),
  };
}
