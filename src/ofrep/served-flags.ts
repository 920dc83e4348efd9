import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Principal } from "../auth/principal.js";
import { StrataError } from "../domain/errors.js";
import type { HttpResponse } from "../http/http-response.js";
import { entityTag, namedTag } from "../rest/entity-tag.js";
import type { ConfigSnapshot } from "../service/read/config-snapshot.js";
import { RequestJournal } from "../service/request-journal.js";
import type { BulkAnswer, BulkCache, CachedBulk } from "./bulk-cache.js";
import { type BulkTarget, type OfrepContext, readBulk, readBulkNow } from "./bulk-read.js";
import { bulkState, bulkTag, isCurrentTag, stateIn } from "./bulk-tag.js";
import { queryText, targetAccount, wantedConfigs } from "./evaluation-request.js";
import { evaluateAll, evaluateFlag } from "./flag-evaluation.js";
import { parseFlagKey } from "./flag-key.js";
import { OfrepRefusal } from "./ofrep-refusal.js";
import type { OfrepRequest } from "./ofrep-request.js";
import { type StreamAddress, streamAddress } from "./stream-address.js";
import type { StreamSigning } from "./stream-signing.js";

export interface ServedFlagsOptions {
  readonly createContext: (principal: Principal, journal: RequestJournal) => OfrepContext;
  /** @throws StrataError UNAUTHENTICATED, RATE_LIMITED */
  readonly identify: (request: IncomingMessage, headers: IncomingHttpHeaders) => Promise<Principal>;
  /** What the client of a request calls this server: scheme and host. */
  readonly originOf: (request: IncomingMessage) => string;
  readonly signing: StreamSigning;
  readonly cache: BulkCache;
  readonly now: () => Date;
}

export const JSON_TYPE = "application/json; charset=utf-8";
const NO_SUCH_FLAG =
  'There is no setting of this key. A key is "<config>:<names joined by dots>": npx strata manifest lists them.';
const NO_KEY = "There is no key after the slash. All settings are at the same address without the slash.";
const MALFORMED_KEY = 'The key in the path has to be percent-encoded UTF-8: "%" itself is spelled "%25".';

/** All flags of an account. */
interface Bulk {
  readonly state: string;
  /** Made when they are asked for: a client that has them already needs them not. */
  readonly flags: () => BulkAnswer["flags"];
  readonly cached?: CachedBulk;
}

/** Answers evaluations. */
export class ServedFlags {
  constructor(private readonly options: ServedFlagsOptions) {}

  async answerFlag(request: OfrepRequest): Promise<HttpResponse> {
    const { key, notes } = request;
    const flag = await this.#noted(request, async (open) => {
      const { principal, configs, reader } = open();
      const accountId = targetAccount(request.body, principal);
      if (notes.path.isMalformed) throw new OfrepRefusal(400, "PARSE_ERROR", MALFORMED_KEY);
      const setting = parseFlagKey(key);
      if (setting === undefined) throw noSuchFlag(key === "" ? NO_KEY : NO_SUCH_FLAG);
      const { configId, pointer } = setting;
      notes.account = accountId;
      notes.config = configId;
      const snapshot = await configs
        .effective(principal, { accountId, configId }, reader)
        .catch(refuseUnknownConfig);
      return evaluateFlag(snapshot, pointer, key);
    });
    if (flag === undefined) throw noSuchFlag();
    return { status: 200, headers: { "content-type": JSON_TYPE }, body: JSON.stringify(flag) };
  }

  async answerBulk(request: OfrepRequest): Promise<HttpResponse> {
    const { principal, query, notes } = request;
    const accountId = targetAccount(request.body, principal);
    const target: BulkTarget = { accountId, configIds: wantedConfigs(query) };
    notes.account = accountId;
    let bulk = await this.#noted(request, (open, journal) => this.#bulk(request, target, open, journal));
    // The tag of the change that the client was told of: not to answer from before it.
    const told = queryText(query, "flagConfigEtag");
    const isOther = (): boolean => told !== undefined && stateIn(told) !== bulk.state;
    if (isOther())
      bulk = await this.#noted(request, async (open) =>
        this.#made(await readBulkNow(open(), target), this.options.signing.id),
      );
    const { state } = bulk;
    const address = this.#addressFor(request, target);
    const tag = bulkTag(state, address?.endsAt);
    const known = isOther() ? undefined : this.#knownTag(request, tag, state);
    const headers = { etag: entityTag(known ?? tag), "cache-control": "private, no-cache" };
    if (known !== undefined) return { status: 304, headers, body: "" };
    const body = address === undefined ? "{" : `{"eventStreams":${JSON.stringify([address.stream(state)])},`;
    const cached = bulk.cached?.keeperFor(body);
    return {
      ...{ status: 200, headers: { "content-type": JSON_TYPE, ...headers }, body, tail: bulk.flags() },
      ...(cached !== undefined && { cached }),
    };
  }

  /** From the cache, or else from what is read. */
  async #bulk(
    { principal }: OfrepRequest,
    target: BulkTarget,
    open: () => OfrepContext,
    journal: RequestJournal,
  ): Promise<Bulk> {
    const { cache, signing } = this.options;
    const { id: salt } = signing;
    const cached = await cache.find(target, principal, salt, journal);
    if (cached !== undefined) return { state: cached.state, flags: () => cached.flags, cached };
    const context = open();
    const { configs, reader } = context;
    const made = this.#made(await readBulk(context, target), salt);
    return {
      state: made.state,
      flags: () => {
        const flags = made.flags();
        const origin = { trace: reader.trace, schemas: configs.schemaDigest };
        cache.offer(target, principal, salt, { state: made.state, flags }, origin);
        return flags;
      },
    };
  }

  #made(snapshots: readonly ConfigSnapshot[], salt: string): Bulk {
    return {
      state: bulkState(snapshots, salt),
      flags: () => Buffer.from(`"flags":${JSON.stringify(snapshots.flatMap(evaluateAll))}}`),
    };
  }

  /** The tag by which a client says that it has the answer already. */
  #knownTag({ raw }: OfrepRequest, tag: string, state: string): string | undefined {
    const header = quoted(raw.headers["if-none-match"]);
    const now = this.options.now().getTime() / 1_000;
    return header === undefined
      ? undefined
      : namedTag(header, tag, (named) => isCurrentTag(named, state, now));
  }

  #addressFor(
    { raw, principal }: OfrepRequest,
    { accountId, configIds }: BulkTarget,
  ): StreamAddress | undefined {
    const { signing, originOf } = this.options;
    const topic = { accountId, configs: configIds?.join(",") ?? "" };
    return streamAddress(originOf(raw), signing, principal, topic);
  }

  /** Does the work of a request, and says for the log what that took. */
  async #noted<T>(
    { principal, notes }: OfrepRequest,
    work: (open: () => OfrepContext, journal: RequestJournal) => Promise<T>,
  ): Promise<T> {
    const journal = new RequestJournal();
    const open = () => this.options.createContext(principal, journal);
    const before = notes.storeCalls ?? 0;
    try {
      const done = await work(open, journal);
      notes.outcomes = ["ok"];
      return done;
    } finally {
      notes.storeCalls = before + journal.storeCalls;
    }
  }
}

/** The protocol's own example of `If-None-Match` is a tag without the quotes of HTTP. */
function quoted(header: string | undefined): string | undefined {
  const bare = header?.trim();
  return bare !== undefined && /^[\w.-]+$/.test(bare) ? entityTag(bare) : header;
}

function noSuchFlag(message = NO_SUCH_FLAG): OfrepRefusal {
  return new OfrepRefusal(404, "FLAG_NOT_FOUND", message);
}

function refuseUnknownConfig(error: unknown): never {
  throw error instanceof StrataError && error.code === "CONFIG_NOT_FOUND" ? noSuchFlag() : error;
}
