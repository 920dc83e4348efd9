import { ownerOf, SYSTEM_OWNER } from "../records.js";
import type { DocumentKey, Operation } from "../store.js";

/**
 * The layout in Redis. All keys of a cell share its hash tag, so that they are on one primary and one function can check
 * and change them together:
 *
 *     meta              hash: incarnation, writers (the format whose releases may write), format (the same; below it as long
 *                       as p, c and last are being made), accepted (the incarnation that an operator vouches for),
 *                       importing, clearing
 *     seq, tree, root   the newest commit's sequence; the tree token; the root account's id
 *     begun             as seq, raised first in a commit, where seq is last: higher than seq where a commit was torn
 *     time              the newest commit's time
 *     dropped           how many commits left nothing behind; lastDeletion: when an account was last deleted
 *     a:<account>       record of an account; k:<account> its children's ids, a sorted set; n:<account> how many accounts
 *                       are one, two, ... levels below it; g:<account> when an account of this id was last deleted
 *     p:<account>       every record that an account had, as the feed tells the change that made it, a list in order of
 *                       sequence
 *     v:<owner>:<cfg>   version of a document; d:… its record; h:… the records it had, a list in order of revision, the oldest gone
 *     b:<owner>:<cfg>   beside d:… its blame, and which part of h:… is to be kept; of the version that its first line names
 *     o:<owner>         the config ids that the owner ever wrote, a set
 *     c:<cfg>           the accounts that have a document of a config, a sorted set
 *     last              hash: the sequence of the last commit to each config
 *     upgrading         which gateway makes p, c and last for a store of an older release; expires
 *     run               the run of Redis whose file is known to have no torn commit
 *     probe             what tells whether writes are taken; expires
 *     lock              who is importing; expires
 *     secret            what all gateways sign with, where the operator has given them no secret
 *     feed              stream of changes; the id is the sequence
 *     op:<id>           digest of an operation of the service's own, and the version it made; expires
 *     named:<id>        the same of one that a caller named, and its memo; expires
 *     named             their ids, a sorted set by when each expires
 */
export class RedisKeys {
  readonly prefix: string;
  readonly meta: string;
  readonly sequence: string;
  readonly tree: string;
  readonly root: string;
  readonly feed: string;
  readonly lock: string;
  readonly dropped: string;
  readonly lastDeletion: string;
  readonly begun: string;
  readonly time: string;
  readonly probe: string;
  readonly run: string;
  readonly lastCommits: string;
  readonly upgrading: string;
  readonly named: string;
  readonly secret: string;

  constructor(cell: string) {
    this.prefix = `{${cell}}:`;
    this.meta = `${this.prefix}meta`;
    this.sequence = `${this.prefix}seq`;
    this.tree = `${this.prefix}tree`;
    this.root = `${this.prefix}root`;
    this.feed = `${this.prefix}feed`;
    this.lock = `${this.prefix}lock`;
    this.dropped = `${this.prefix}dropped`;
    this.lastDeletion = `${this.prefix}lastDeletion`;
    this.begun = `${this.prefix}begun`;
    this.time = `${this.prefix}time`;
    this.probe = `${this.prefix}probe`;
    this.run = `${this.prefix}run`;
    this.lastCommits = `${this.prefix}last`;
    this.upgrading = `${this.prefix}upgrading`;
    this.named = `${this.prefix}named`;
    this.secret = `${this.prefix}secret`;
  }

  get accountPrefix(): string {
    return `${this.prefix}a:`;
  }
  get versionPrefix(): string {
    return `${this.prefix}v:`;
  }
  get historyPrefix(): string {
    return `${this.prefix}h:`;
  }
  account(id: string): string {
    return this.accountPrefix + id;
  }
  get accountHistoryPrefix(): string {
    return `${this.prefix}p:`;
  }
  accountHistory(id: string): string {
    return this.accountHistoryPrefix + id;
  }
  owners(configId: string): string {
    return `${this.prefix}c:${configId}`;
  }
  counts(id: string): string {
    return `${this.prefix}n:${id}`;
  }
  version(key: DocumentKey): string {
    return `${this.versionPrefix}${ownerOf(key)}:${key.configId}`;
  }
  document(key: DocumentKey): string {
    return `${this.prefix}d:${ownerOf(key)}:${key.configId}`;
  }
  history(key: DocumentKey): string {
    return `${this.historyPrefix}${ownerOf(key)}:${key.configId}`;
  }
  blame(key: DocumentKey): string {
    return `${this.prefix}b:${ownerOf(key)}:${key.configId}`;
  }
  configs({ accountId }: Pick<DocumentKey, "accountId">): string {
    return `${this.prefix}o:${accountId ?? SYSTEM_OWNER}`;
  }
  operation({ id, memo }: Pick<Operation, "id" | "memo">): string {
    return `${this.prefix}${memo === undefined ? "op" : "named"}:${id}`;
  }
}
