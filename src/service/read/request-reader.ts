import DataLoader from "dataloader";
import type { Principal } from "../../auth/principal.js";
import {
  type AccountRevision,
  type Change,
  type Descendants,
  type DescendantsOf,
  type DocumentHistory,
  type DocumentKey,
  type HistoryOf,
  keyText,
  type LayerBodies,
  type LayersAt,
  type Lineage,
  type PastConfig,
  type StoreReads,
} from "../../store/store.js";
import { mayAccess } from "../authorize.js";
import { fromStore } from "../from-store.js";
import { guardTiming } from "../timing-guard.js";
import { afterYield, yieldToEventLoop } from "../yield-to-event-loop.js";
import { LineageCache } from "./lineage-cache.js";
import { type ReadTrace, TraceRecorder } from "./read-trace.js";
import {
  type Ancestry,
  ancestriesOf,
  type LayerVersions,
  storedLayers,
  versionsUnder,
} from "./stored-layers.js";
import { StrayReads } from "./stray-reads.js";

/** Where one request reads from. It makes one store call of everything that is asked for at the same time. */
export interface RequestReader {
  /** Its reads so far. */
  readonly trace: ReadTrace;
  /** Undefined when there is no such account. */
  ancestry(accountId: string): Promise<Ancestry | undefined>;
  /** The versions of a config's layers, as they are now; undefined when there is no such account. */
  layerVersions(target: DocumentKey): Promise<LayerVersions | undefined>;
  /** The layers as they are now, with all documents. From then on the request stays with what it saw here. */
  wholeLayers(target: DocumentKey): Promise<LayerVersions | undefined>;
  /** The same, each document with its blame. The request does not stay with it. */
  blamedLayers(target: DocumentKey): Promise<LayerVersions | undefined>;
  /** Revisions of a document. They depend on nothing but its version, which the request has read before. */
  history(of: HistoryOf): Promise<DocumentHistory>;
  /**
   * A config's layers as of a past moment, whoever asks: the caller's right to them is for others to judge. What is made of
   * them cannot be cached: a history may be trimmed, and accounts deleted.
   * @param moment as `toISOString` writes it
   * @param now the clock, likewise
   */
  layersAt(target: DocumentKey, moment: string, now: string): Promise<PastRead>;
  /** Lists are not versioned: what is made of one cannot be cached. */
  descendants(of: DescendantsOf): Promise<Descendants>;
  rootId(): Promise<string | undefined>;
  /** As the store's own; for the audit log, which looks at what is not there any more, and decides itself who may see it. */
  pastChanges(before: number | undefined, limit: number): Promise<readonly Change[]>;
  accountHistory(accountId: string, after: number, limit: number): Promise<readonly AccountRevision[]>;
  /** Of any accounts, whether the caller may access them or not. */
  anyLineages(accountIds: readonly string[]): Promise<readonly (Lineage | undefined)[]>;
  /** Forgets what it has read: after a write the same request must not see the time before it. */
  clear(): void;
}

/** What the store tells of one config at a past moment. */
export interface PastRead extends Omit<LayersAt, "configs"> {
  readonly config: PastConfig;
}

/** Past configs of one moment that are read in one store call. */
const PAST_AT_ONCE = 10;
/** For readers that share nothing with others. */
const SMALL_CACHE = 2 ** 20;

/** A reader that has failed before it began: every read fails for the same reason. */
export function createFailedReader(failure: unknown): RequestReader {
  const fail = () => Promise.reject(failure);
  return {
    trace: new TraceRecorder(new StrayReads()),
    ancestry: fail,
    layerVersions: fail,
    wholeLayers: fail,
    blamedLayers: fail,
    history: fail,
    layersAt: fail,
    descendants: fail,
    rootId: fail,
    pastChanges: fail,
    accountHistory: fail,
    anyLineages: fail,
    clear: () => {},
  };
}

/**
 * @param principal an account that it may not access is absent, and takes the same reads to be found so
 * @param lineages shared with the readers of other requests
 * @param strayReads of the same store
 */
export function createRequestReader(
  store: StoreReads,
  principal: Principal,
  lineages = new LineageCache(SMALL_CACHE),
  strayReads = new StrayReads(),
): RequestReader {
  return new StoreReader(store, principal, lineages, strayReads);
}

type AccountLoader = DataLoader<string, Ancestry | undefined>;
type LayerLoader = ReturnType<typeof loaderOf>;
type PastLoader = DataLoader<PastQuestion, PastRead, string>;

interface Loaders {
  accounts?: AccountLoader;
  versions?: LayerLoader;
  past?: PastLoader;
  whole?: LayerLoader;
  blamed?: LayerLoader;
}

class StoreReader implements RequestReader {
  readonly trace: TraceRecorder;
  readonly #loaders: Loaders = {};

  constructor(
    private readonly store: StoreReads,
    private readonly principal: Principal,
    private readonly lineages: LineageCache,
    strayReads: StrayReads,
  ) {
    this.trace = new TraceRecorder(strayReads);
  }

  // Made when they are needed: most requests need one or two, and a message of a subscription none.

  get #accounts(): AccountLoader {
    this.#loaders.accounts ??= new DataLoader((ids) => this.#readAccounts(ids));
    return this.#loaders.accounts;
  }

  get #versions(): LayerLoader {
    this.#loaders.versions ??= loaderOf((targets) => this.#readVersions(targets));
    return this.#loaders.versions;
  }

  get #past(): PastLoader {
    this.#loaders.past ??= new DataLoader((asked) => this.#readPast(asked), {
      cacheKeyFn: ({ target, moment }) => `${moment} ${keyText(target)}`,
    });
    return this.#loaders.past;
  }

  get #whole(): LayerLoader {
    this.#loaders.whole ??= loaderOf((targets) => this.#readWhole(targets));
    return this.#loaders.whole;
  }

  get #blamed(): LayerLoader {
    this.#loaders.blamed ??= loaderOf((targets) => this.#readLayers(targets, "blame"));
    return this.#loaders.blamed;
  }

  ancestry(accountId: string): Promise<Ancestry | undefined> {
    return guardTiming(this.principal, () => this.#accounts.load(accountId));
  }

  layerVersions(target: DocumentKey): Promise<LayerVersions | undefined> {
    return this.#versions.load(target);
  }

  wholeLayers(target: DocumentKey): Promise<LayerVersions | undefined> {
    return this.#whole.load(target);
  }

  blamedLayers(target: DocumentKey): Promise<LayerVersions | undefined> {
    return this.#blamed.load(target);
  }

  async history(of: HistoryOf): Promise<DocumentHistory> {
    if (!this.trace.covers(of.key)) this.trace.unversioned();
    // A page of large documents takes milliseconds to read and parse, and one request may ask for many.
    return afterYield(() => fromStore(this.store.history(of)));
  }

  layersAt(target: DocumentKey, moment: string, now: string): Promise<PastRead> {
    this.trace.unversioned();
    return this.#past.load({ target, moment, now });
  }

  descendants(of: DescendantsOf): Promise<Descendants> {
    this.trace.unversioned();
    return fromStore(this.store.descendants(of));
  }

  rootId(): Promise<string | undefined> {
    this.trace.unversioned();
    return fromStore(this.store.rootId());
  }

  pastChanges(before: number | undefined, limit: number): Promise<readonly Change[]> {
    this.trace.unversioned();
    return fromStore(this.store.pastChanges(before, limit));
  }

  accountHistory(accountId: string, after: number, limit: number): Promise<readonly AccountRevision[]> {
    this.trace.unversioned();
    return fromStore(this.store.accountHistory(accountId, after, limit));
  }

  async anyLineages(accountIds: readonly string[]): Promise<readonly (Lineage | undefined)[]> {
    this.trace.unversioned();
    return (await fromStore(this.store.lineages(accountIds))).lineages;
  }

  clear(): void {
    this.trace.unversioned();
    const { accounts, versions, past, whole, blamed } = this.#loaders;
    for (const loader of [accounts, versions, past, whole, blamed]) loader?.clearAll();
  }

  async #readAccounts(ids: readonly string[]): Promise<(Ancestry | undefined)[]> {
    const found = ancestriesOf(await fromStore(this.store.lineages(ids))).map((ancestry) =>
      ancestry !== undefined && mayAccess(this.principal, ancestry.lineage) ? ancestry : undefined,
    );
    for (const ancestry of found) {
      if (ancestry === undefined) this.trace.unversioned();
      else this.trace.lineage(ancestry.lineage);
    }
    this.#offer(found);
    // Who asks for an account often goes on to its ancestors.
    for (const ancestry of found)
      for (const above of ancestorsIn(ancestry)) this.#accounts.prime(above.lineage[0].id, above);
    return found;
  }

  async #readVersions(targets: readonly DocumentKey[]): Promise<(LayerVersions | undefined)[]> {
    const lineages = this.#cachedLineages(targets);
    const found = lineages && (await versionsUnder(this.store, lineages, targets));
    if (found !== undefined) return this.#traced(found);
    const layers = await this.#readLayers(targets, "own");
    this.#offer(layers.map((each) => each?.ancestry));
    return layers;
  }

  async #readWhole(targets: readonly DocumentKey[]): Promise<(LayerVersions | undefined)[]> {
    const found = await this.#readLayers(targets, "all");
    for (const [index, target] of targets.entries()) this.#versions.clear(target).prime(target, found[index]);
    return found;
  }

  /** Some of one moment in each store call: they come with documents. */
  async #readPast(asked: readonly PastQuestion[]): Promise<PastRead[]> {
    const byMoment = new Map<string, PastQuestion[]>();
    for (const each of asked) byMoment.set(each.moment, [...(byMoment.get(each.moment) ?? []), each]);
    const found = new Map<PastQuestion, PastRead>();
    for (const [moment, alike] of byMoment) {
      for (let first = 0; first < alike.length; first += PAST_AT_ONCE) {
        await yieldToEventLoop();
        const some = alike.slice(first, first + PAST_AT_ONCE);
        const targets = some.map(({ target }) => target);
        const now = some[0]?.now ?? moment;
        const { configs, ...read } = await fromStore(this.store.layersAt(targets, moment, now));
        for (const [index, each] of some.entries())
          found.set(each, { ...read, config: configs[index] as PastConfig });
      }
    }
    return asked.map((each) => found.get(each) as PastRead);
  }

  async #readLayers(
    targets: readonly DocumentKey[],
    bodies: LayerBodies,
  ): Promise<(LayerVersions | undefined)[]> {
    const found = await storedLayers(this.store, targets, bodies);
    return this.#traced(
      found.map((layers) =>
        layers?.ancestry === undefined || mayAccess(this.principal, layers.ancestry.lineage)
          ? layers
          : undefined,
      ),
    );
  }

  /** For later requests: each account once, however many of the lineages it is in. */
  #offer(ancestries: readonly (Ancestry | undefined)[]): void {
    this.lineages.offer(new Set(ancestries.flatMap((ancestry) => ancestry?.lineage ?? [])));
  }

  /** Undefined: the lineage of one of the targets is not cached, or the caller may not access it. */
  #cachedLineages(targets: readonly DocumentKey[]): ReadonlyMap<string, Lineage> | undefined {
    const found = new Map<string, Lineage>();
    for (const { accountId } of targets) {
      if (accountId === undefined || found.has(accountId)) continue;
      const lineage = this.lineages.get(accountId);
      if (lineage === undefined || !mayAccess(this.principal, lineage)) return undefined;
      found.set(accountId, lineage);
    }
    return found;
  }

  #traced(found: (LayerVersions | undefined)[]): (LayerVersions | undefined)[] {
    for (const layers of found) {
      // Neither an absent nor a forbidden account has a version to tell by.
      if (layers === undefined) this.trace.unversioned();
      else this.trace.layers(layers);
    }
    return found;
  }
}

interface PastQuestion {
  readonly target: DocumentKey;
  readonly moment: string;
  readonly now: string;
}

function loaderOf(read: (targets: readonly DocumentKey[]) => Promise<(LayerVersions | undefined)[]>) {
  return new DataLoader<DocumentKey, LayerVersions | undefined, string>(read, { cacheKeyFn: keyText });
}

function ancestorsIn(ancestry: Ancestry | undefined): Ancestry[] {
  if (ancestry === undefined) return [];
  const { lineage, tree } = ancestry;
  return lineage
    .slice(1)
    .map((_, index) => ({ tree, lineage: lineage.slice(index + 1) as unknown as Lineage }));
}
