import { canonical } from "../../domain/json/json.js";
import type { LayerKind } from "../../domain/merge/layer.js";
import { resellerLineage } from "../../domain/reseller.js";
import {
  type AccountChange,
  type Change,
  type DocumentChange,
  type DocumentKey,
  documentKeys,
  keyText,
  type Lineage,
  type StoredDocument,
  sameVersion,
  sequenceOfChange,
} from "../../store/store.js";
import { noSuchAccount } from "../authorize.js";
import { visibleContent } from "../read/visible-layer.js";
import { BACKGROUND_MS, yieldToEventLoop } from "../yield-to-event-loop.js";
import type { Deliveries } from "./deliveries.js";
import type { LiveState } from "./live-state.js";
import { documentOf, isSamePlace, type PastState, type PastStore } from "./past-state.js";
import { type Touched, touchedBy } from "./touched.js";
import { type WatchedAccount, type WatchedConfigs, WatchedDocument } from "./watched-configs.js";

/** Bytes of the revisions of one document that are read at a time. */
const REVISION_BYTES = 4 * 2 ** 20;

/** Of documents that changed, each revision by its number. */
type Revisions = ReadonlyMap<string, ReadonlyMap<number, StoredDocument>>;

export interface CommitStepsParts {
  readonly store: PastStore;
  readonly past: PastState;
  readonly watched: WatchedConfigs;
  readonly deliveries: Deliveries;
  /** Hears of each change that is applied. */
  readonly passed: (change: Change) => void;
}

/** Takes what is watched from the position of one commit to that of the next, and tells subscribers what that changed. */
export class CommitSteps {
  constructor(private readonly parts: CommitStepsParts) {}

  /**
   * Applies changes in order, each as a step of its own.
   * @returns those that it could not apply, for a history no longer has what they made. None: it applied all
   */
  async apply(changes: readonly Change[]): Promise<readonly Change[]> {
    let revisions: Revisions = new Map();
    for (const [index, change] of changes.entries()) {
      if (change.on === "account") await this.#account(change, (moved) => this.#move(change, moved));
      else if (this.#watches(change)) {
        const rest = changes.slice(index);
        // Those of all that is watched at once. A move may have brought documents that were not watched then.
        if (!revisions.has(keyText(change.key))) revisions = (await this.#revisionsOf(rest)) ?? revisions;
        const made = revisions.get(keyText(change.key))?.get(change.version.revision);
        if (made === undefined) return rest;
        await this.#document(change, made);
      }
      this.parts.passed(change);
    }
    return [];
  }

  /** The watched documents that changes are of. */
  watchedIn(changes: readonly Change[]): DocumentKey[] {
    const keys = new Map<string, DocumentKey>();
    for (const change of changes)
      if (change.on === "document" && this.#watches(change)) keys.set(keyText(change.key), change.key);
    return [...keys.values()];
  }

  /**
   * Applies many changes as one step, for what they made one by one is not there any more. An account that moved meanwhile
   * begins again.
   * @param documents what they made of the watched documents, all as of the last of them
   * @param from the sequence before them
   */
  async applyAtOnce(
    changes: readonly Change[],
    documents: ReadonlyMap<string, StoredDocument | undefined>,
    from: number,
  ): Promise<void> {
    const last = changes.at(-1);
    if (last === undefined) return;
    for (const change of changes)
      if (change.on === "account")
        await this.#account(change, (moved) => this.parts.deliveries.beginAgain(moved));
    const replaced = new Map<WatchedDocument, StoredDocument | undefined>();
    for (const key of this.watchedIn(changes)) {
      const document = this.parts.watched.document(key);
      const made = documents.get(keyText(key));
      if (document !== undefined) this.#replace(document, made, sequenceOfChange(last), replaced);
    }
    await this.parts.deliveries.tell(touchedBy(replaced), last, from);
    this.parts.passed(last);
  }

  #watches({ key }: DocumentChange): boolean {
    return this.parts.watched.document(key) !== undefined;
  }

  /** What changes made of the documents that are watched now. */
  async #revisionsOf(changes: readonly Change[]): Promise<Revisions | undefined> {
    const wanted = new Map<string, DocumentChange[]>();
    for (const change of changes) {
      if (change.on === "account" || !this.#watches(change)) continue;
      const name = keyText(change.key);
      const ofOne = wanted.get(name) ?? [];
      wanted.set(name, ofOne);
      ofOne.push(change);
    }
    const read = [...wanted].map(async ([name, ofOne]) => [name, await this.#revisionsOfOne(ofOne)] as const);
    const found = new Map<string, ReadonlyMap<number, StoredDocument>>();
    for (const [name, revisions] of await Promise.all(read)) {
      if (revisions === undefined) return undefined;
      found.set(name, revisions);
    }
    return found;
  }

  async #revisionsOfOne(
    changes: readonly DocumentChange[],
  ): Promise<ReadonlyMap<number, StoredDocument> | undefined> {
    const found = new Map<number, StoredDocument>();
    const [first, last] = [changes[0], changes.at(-1)];
    if (first === undefined || last === undefined) return found;
    for (let before = last.version.revision + 1; before > first.version.revision; ) {
      const limit = before - first.version.revision;
      const of = { key: last.key, before, limit, bytes: REVISION_BYTES };
      const { revisions } = await this.parts.store.history(of);
      if (revisions.length === 0) break;
      for (const revision of revisions) found.set(revision.version.revision, documentOf(revision));
      before = revisions.at(-1)?.version.revision ?? 0;
    }
    const isWhole = changes.every(({ version }) =>
      sameVersion(found.get(version.revision)?.version, version),
    );
    return isWhole ? found : undefined;
  }

  async #document(change: DocumentChange, made: StoredDocument): Promise<void> {
    const document = this.parts.watched.document(change.key);
    if (document === undefined) return;
    const { sequence } = change.version;
    const replaced = new Map<WatchedDocument, StoredDocument | undefined>();
    this.#replace(document, made, sequence, replaced);
    await this.parts.deliveries.tell(touchedBy(replaced), change, sequence - 1);
  }

  /**
   * Where accounts see the same of both documents none of their configs has to be looked at.
   * @param replaced gets what the document was, where they do not
   */
  #replace(
    document: WatchedDocument,
    made: StoredDocument | undefined,
    sequence: number,
    replaced: Map<WatchedDocument, StoredDocument | undefined>,
  ): void {
    const old = document.document;
    const [view] = document.views;
    const perspective = view?.from.perspective ?? this.parts.deliveries.perspective(document.key.configId);
    const isVisible =
      perspective === undefined || visibleText(old, perspective) !== visibleText(made, perspective);
    if (isVisible) {
      replaced.set(document, old);
      document.visibleAt = sequence;
    } else this.parts.deliveries.touchQuietly(document);
    document.document = made;
  }

  /** @param move takes accounts to their new place */
  async #account(
    change: AccountChange,
    move: (moved: readonly WatchedAccount[]) => void | Promise<void>,
  ): Promise<void> {
    const { watched, deliveries } = this.parts;
    const { account, kind } = change;
    if (kind === "DELETE") {
      const gone = watched.account(account.id);
      if (gone === undefined) return;
      deliveries.end(gone, noSuchAccount());
      // Nobody may join what was read of it.
      for (const config of [...gone.configs.values()]) watched.removeConfig(config);
      return;
    }
    const affected = watched.atOrBelow(account.id);
    const moved: WatchedAccount[] = [];
    for (const each of affected) {
      const old = each.lineage.find(({ id }) => id === account.id);
      if (old !== undefined && isSamePlace(old, account)) each.lineage = withRecord(each.lineage, change);
      else moved.push(each);
      await yieldToEventLoop(BACKGROUND_MS);
    }
    if (moved.length > 0) await move(moved);
  }

  /** Accounts that have other ancestors from now on, or whose ancestors are resellers or not from now on. */
  async #move(change: AccountChange, moved: readonly WatchedAccount[]): Promise<void> {
    const { past, watched, deliveries } = this.parts;
    const { parentId, version } = change.account;
    const above = parentId === undefined ? [] : await past.lineageAt(parentId, version.sequence);
    if (above === undefined) return deliveries.beginAgain(moved);
    const lineages = new Map<WatchedAccount, Lineage>();
    const layers = new Map<string, WatchedDocument>();
    const missing = new Map<string, DocumentKey>();
    for (const account of moved) {
      await yieldToEventLoop(BACKGROUND_MS);
      const lineage = under(account.lineage, change, above);
      lineages.set(account, lineage);
      for (const { id } of account.configs.values())
        for (const key of documentKeys(lineage, id)) {
          const found = watched.document(key);
          if (found === undefined) missing.set(keyText(key), key);
          else layers.set(keyText(key), found);
        }
    }
    const documents = await past.documentsAt([...missing.values()], version.sequence);
    if (documents === undefined) return deliveries.beginAgain(moved);
    for (const [name, key] of missing)
      layers.set(name, new WatchedDocument(key, documents.get(name), version.sequence));
    for (const [account, lineage] of lineages) {
      // Its last subscriber may have left.
      if (watched.account(account.id) !== account) continue;
      const touched = movedBy(account, lineage);
      watched.setLineage(account, lineage);
      for (const config of account.configs.values())
        watched.relink(
          config,
          documentKeys(lineage, config.id).map((key) => layers.get(keyText(key)) as WatchedDocument),
        );
      deliveries.refuseForeign(account);
      await deliveries.tell([touched], change, version.sequence - 1);
    }
  }
}

const RESELLER: ReadonlySet<LayerKind> = new Set(["RESELLER"]);

/** The configs of an account that gets other ancestors, where another one is its reseller. */
function movedBy({ configs, lineage: old }: WatchedAccount, lineage: Lineage): Touched[] {
  if (resellerLineage(old)?.[0].id === resellerLineage(lineage)?.[0].id) return [];
  return [...configs.values()].map((config) => ({ config, before: config.state, moved: RESELLER }));
}

function withRecord(lineage: Lineage, { account }: AccountChange): Lineage {
  const [first, ...above] = lineage.map((each) => (each.id === account.id ? account : each));
  return [first as Lineage[0], ...above];
}

/** An ancestry with another one above one of its accounts. */
function under(lineage: Lineage, { account }: AccountChange, above: readonly Lineage[0][]): Lineage {
  const place = lineage.findIndex(({ id }) => id === account.id);
  const [first, ...rest] = [...lineage.slice(0, place), account, ...above];
  return [first as Lineage[0], ...rest];
}

/** All that accounts see of a document, but for who wrote it and when. */
function visibleText(
  document: StoredDocument | undefined,
  perspective: LiveState["from"]["perspective"],
): string {
  const content = document && visibleContent(document, perspective);
  if (content === undefined) return "";
  const { document: overrides, constraints = [], pins = [] } = content;
  const said = constraints.map(({ pointer, kind, schema = null, reason }) => ({
    pointer,
    kind,
    schema,
    reason,
  }));
  return canonical({ overrides, constraints: said, pins });
}
