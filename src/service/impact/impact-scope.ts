import { resellerLineage } from "../../domain/reseller.js";
import type { Lineage, Store, StoredDocument } from "../../store/store.js";
import { fromStore } from "../from-store.js";

/** Documents below an account's own, highest precedence first: its reseller's, where it has one, and the system's. */
export type InheritedDocuments = readonly (StoredDocument | undefined)[];

/** What accounts inherit before a write and after it. The same documents are the same objects. */
export class Inheritance {
  readonly #known = new Map<object, unknown>();

  constructor(
    readonly before: InheritedDocuments,
    readonly after: InheritedDocuments,
  ) {}

  /**
   * Something that all who inherit this have in common, for one who asks again and again: it is worked out once, and goes away
   * with this. The values of a WeakMap would stay until V8 collects old memory.
   */
  once<T>(asker: object, workOut: () => T): T {
    if (!this.#known.has(asker)) this.#known.set(asker, workOut());
    return this.#known.get(asker) as T;
  }
}

/** Which accounts a write reaches, and what each of them inherits. */
export interface ImpactScope {
  readonly configId: string;
  /** The accounts below this one. */
  readonly topId: string;
  /** Whether those below another reseller belong to it. */
  readonly throughResellers: boolean;
  /** What the top account itself inherits, where it belongs to them. */
  readonly top: Inheritance | undefined;
  /** What those below the top account inherit, up to the next reseller. Undefined: none of them belongs to it. */
  readonly below: Inheritance | undefined;
  /** What those below a reseller inherit that belongs to them. @param own the reseller's document */
  readonly belowReseller: (own: StoredDocument | undefined) => Inheritance;
  /** Whether an account belongs to them. */
  readonly isHit: (lineage: Lineage) => boolean;
}

/** Of a write to an account's own document: those whose RESELLER layer it is. */
export function documentScope(
  lineage: Lineage,
  configId: string,
  { before, after, system }: Change & { readonly system: StoredDocument | undefined },
): ImpactScope | undefined {
  const [{ id, isReseller }] = lineage;
  if (!isReseller && lineage.length > 1) return undefined;
  const below = new Inheritance([before, system], [after, system]);
  return {
    configId,
    topId: id,
    throughResellers: false,
    top: undefined,
    below,
    belowReseller: () => below,
    isHit: (each) => resellerLineage(each)?.[0].id === id,
  };
}

/** A document before a write and after it. */
export interface Change {
  readonly before: StoredDocument | undefined;
  readonly after: StoredDocument | undefined;
}

/** Of a write to the system layer: all accounts. Undefined: there are none. */
export async function systemScope(
  store: Pick<Store, "documents" | "rootId">,
  configId: string,
  { before, after }: Change,
): Promise<ImpactScope | undefined> {
  const topId = await fromStore(store.rootId());
  if (topId === undefined) return undefined;
  const [own] = await ownDocuments(store, [topId], configId);
  // Resellers without a document all pass on the same.
  const plain = new Inheritance([undefined, before], [undefined, after]);
  const belowReseller = (document: StoredDocument | undefined): Inheritance =>
    document === undefined ? plain : new Inheritance([document, before], [document, after]);
  return {
    configId,
    topId,
    throughResellers: true,
    top: new Inheritance([before], [after]),
    below: belowReseller(own),
    belowReseller,
    isHit: () => true,
  };
}

/** An account's place before a write to the account and after it: the account first, the root last. */
export interface Arrangement {
  readonly before: Lineage;
  readonly after: Lineage;
}

/** Of a move or a reseller flag: the account itself and those below it that get another reseller. Undefined: nobody does. */
export async function arrangementScope(
  store: Store,
  configId: string,
  { before, after }: Arrangement,
): Promise<ImpactScope | undefined> {
  const [{ id }] = before;
  const resellerOf = (lineage: Lineage) => resellerLineage(lineage)?.[0].id;
  // Whose document those right below inherit. The root's, whatever its flag says, as it has no reseller itself.
  const belowOf = (lineage: Lineage) => (lineage[0].isReseller ? id : (resellerOf(lineage) ?? id));
  const own = { before: resellerOf(before), after: resellerOf(after) };
  const below = { before: belowOf(before), after: belowOf(after) };
  const isTopHit = own.before !== own.after;
  const isBelowHit = below.before !== below.after;
  if (!isTopHit && !isBelowHit) return undefined;
  const ids = [...new Set([own.before, own.after, below.before, below.after])].filter(
    (each) => each !== undefined,
  );
  const documents = await ownDocuments(store, [...ids, undefined], configId);
  const system = documents.at(-1);
  const inheritedFrom = (reseller: string | undefined): InheritedDocuments =>
    reseller === undefined ? [system] : [documents[ids.indexOf(reseller)], system];
  const inheritance = new Inheritance(inheritedFrom(below.before), inheritedFrom(below.after));
  return {
    configId,
    topId: id,
    throughResellers: false,
    top: isTopHit ? new Inheritance(inheritedFrom(own.before), inheritedFrom(own.after)) : undefined,
    below: isBelowHit ? inheritance : undefined,
    belowReseller: () => inheritance,
    isHit: (lineage) => ids.includes(lineage[0].id) || lineage.some((account) => account.id === id),
  };
}

/** The documents of accounts, and (undefined) of the system layer. */
export async function ownDocuments(
  store: Pick<Store, "documents">,
  accountIds: readonly (string | undefined)[],
  configId: string,
): Promise<readonly (StoredDocument | undefined)[]> {
  return fromStore(store.documents(accountIds.map((accountId) => ({ accountId, configId }))));
}
