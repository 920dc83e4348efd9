import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import { NOBODY, type Principal } from "../auth/principal.js";
import { StrataError } from "../domain/errors.js";
import { entityTag, namedTag } from "../rest/entity-tag.js";
import { authorizeAtAll } from "../service/authorize.js";
import type { ConfigSnapshot } from "../service/read/config-snapshot.js";
import { RequestJournal } from "../service/request-journal.js";
import { withApiKey } from "./api-key.js";
import type { BulkCache } from "./bulk-cache.js";
import { type BulkTarget, type OfrepContext, readBulk, readBulkNow } from "./bulk-read.js";
import { bulkState, bulkTag, isCurrentTag, stateIn } from "./bulk-tag.js";
import { queryText, targetAccount, wantedConfigs } from "./evaluation-request.js";
import { evaluateAll, evaluateFlag } from "./flag-evaluation.js";
import { parseFlagKey } from "./flag-key.js";
import { OfrepRefusal } from "./ofrep-refusal.js";
import { type EventStream, type StreamAddress, type StreamSigning, streamAddress } from "./stream-address.js";

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

const JSON_TYPE = "application/json; charset=utf-8";
const NO_SUCH_FLAG =
  'There is no setting of this key. A key is "<config>:<names joined by dots>": npx strata manifest lists them.';

/** All flags of an account. */
interface Bulk {
  readonly state: string;
  /** Made when it is asked for: a client that has them already needs them not. */
  readonly flags: () => string;
}

/** Answers evaluations. */
export class ServedFlags {
  readonly #principals = new WeakMap<FastifyRequest, Principal>();

  constructor(private readonly options: ServedFlagsOptions) {}

  /** Before the body is read. */
  async identify(request: FastifyRequest): Promise<void> {
    const principal = await this.options.identify(request.raw, withApiKey(request.headers));
    this.#principals.set(request, principal);
    request.notes = { route: request.routeOptions.url, subject: principal.subject };
    authorizeAtAll(principal, "read");
  }

  async answerFlag(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const key = keyOf(request) ?? "";
    const flag = await this.#noted(request, async ({ principal, configs, reader }) => {
      const accountId = targetAccount(request.body, principal);
      const setting = parseFlagKey(key);
      if (setting === undefined) throw noSuchFlag();
      const { configId, pointer } = setting;
      request.notes = { ...request.notes, account: accountId, config: configId };
      const snapshot = await configs
        .effective(principal, { accountId, configId }, reader)
        .catch(refuseUnknownConfig);
      return evaluateFlag(snapshot, pointer, key);
    });
    if (flag === undefined) throw noSuchFlag();
    return reply.send(flag);
  }

  async answerBulk(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const principal = this.#principalOf(request);
    const accountId = targetAccount(request.body, principal);
    const target: BulkTarget = { accountId, configIds: wantedConfigs(request.query) };
    request.notes = { ...request.notes, account: accountId };
    let bulk = await this.#noted(request, (context, journal) => this.#bulk(context, target, journal));
    // The tag of the change that the client was told of: not to answer from before it.
    const told = queryText(request.query, "flagConfigEtag");
    const isOther = (): boolean => told !== undefined && stateIn(told) !== bulk.state;
    if (isOther())
      bulk = await this.#noted(request, async (context) => this.#made(await readBulkNow(context, target)));
    const { state } = bulk;
    const address = this.#addressFor(request, target);
    const tag = bulkTag(state, address?.endsAt);
    const known = isOther() ? undefined : this.#knownTag(request, tag, state);
    reply.headers({ ETag: entityTag(known ?? tag), "Cache-Control": "private, no-cache" });
    if (known !== undefined) return reply.code(304).send();
    return reply.type(JSON_TYPE).send(bodyOf(bulk.flags(), address?.stream(state)));
  }

  /** From the cache, or else from what is read. */
  async #bulk(context: OfrepContext, target: BulkTarget, journal: RequestJournal): Promise<Bulk> {
    const { cache } = this.options;
    const { principal, configs, reader } = context;
    const cached = await cache.find(target, principal, journal);
    if (cached !== undefined) return { state: cached.state, flags: () => cached.flags };
    const made = this.#made(await readBulk(context, target));
    return {
      state: made.state,
      flags: () => {
        const flags = made.flags();
        cache.offer(target, principal, { state: made.state, flags }, reader.trace, configs.schemaDigest);
        return flags;
      },
    };
  }

  #made(snapshots: readonly ConfigSnapshot[]): Bulk {
    return {
      state: bulkState(snapshots, this.options.signing.id),
      flags: () => JSON.stringify(snapshots.flatMap(evaluateAll)),
    };
  }

  /** The tag by which a client says that it has the answer already. */
  #knownTag({ headers }: FastifyRequest, tag: string, state: string): string | undefined {
    const header = headers["if-none-match"];
    const now = this.options.now().getTime() / 1_000;
    return header === undefined
      ? undefined
      : namedTag(header, tag, (named) => isCurrentTag(named, state, now));
  }

  #addressFor(request: FastifyRequest, { accountId, configIds }: BulkTarget): StreamAddress | undefined {
    const { signing, originOf } = this.options;
    const topic = { accountId, configs: configIds?.join(",") ?? "" };
    return streamAddress(originOf(request.raw), signing, this.#principalOf(request), topic);
  }

  #principalOf(request: FastifyRequest): Principal {
    return this.#principals.get(request) ?? NOBODY;
  }

  /** Does the work of a request, and says for the log what that took. */
  async #noted<T>(
    request: FastifyRequest,
    work: (context: OfrepContext, journal: RequestJournal) => Promise<T>,
  ): Promise<T> {
    const journal = new RequestJournal();
    const context = this.options.createContext(this.#principalOf(request), journal);
    const before = request.notes?.storeCalls ?? 0;
    try {
      const done = await work(context, journal);
      request.notes = { ...request.notes, outcomes: ["ok"] };
      return done;
    } finally {
      request.notes = { ...request.notes, storeCalls: before + journal.storeCalls };
    }
  }
}

function bodyOf(flags: string, stream: EventStream | undefined): string {
  const streams = stream === undefined ? "" : `,"eventStreams":${JSON.stringify([stream])}`;
  return `{"flags":${flags}${streams}}`;
}

function noSuchFlag(): OfrepRefusal {
  return new OfrepRefusal(404, "FLAG_NOT_FOUND", NO_SUCH_FLAG);
}

function refuseUnknownConfig(error: unknown): never {
  throw error instanceof StrataError && error.code === "CONFIG_NOT_FOUND" ? noSuchFlag() : error;
}

/** The key in the path, percent-decoded; undefined: the request is about many. */
export function keyOf({ params }: FastifyRequest): string | undefined {
  return (params as { "*"?: string } | null)?.["*"];
}
