import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import { NOBODY, type Principal } from "../auth/principal.js";
import { unauthenticated } from "../auth/unauthenticated.js";
import { StrataError } from "../domain/errors.js";
import { authorizeAtAll } from "../service/authorize.js";
import type { LiveConfigs } from "../service/live/live-configs.js";
import type { ConfigSnapshot } from "../service/read/config-snapshot.js";
import { RequestJournal } from "../service/request-journal.js";
import type { CallerStreams } from "../stream/caller-streams.js";
import { sendStream } from "../stream/send-stream.js";
import { withApiKey } from "./api-key.js";
import { type BulkTarget, type OfrepContext, readBulk, readBulkNow } from "./bulk-read.js";
import { bulkState, bulkTag, stateIn } from "./bulk-tag.js";
import { queryText, targetAccount, wantedConfigs } from "./evaluation-request.js";
import { FlagStream } from "./flag-stream.js";
import { type StreamSigning, streamAddress } from "./stream-address.js";

export interface ServedStreamsOptions {
  readonly createContext: (principal: Principal, journal: RequestJournal) => OfrepContext;
  readonly live: Pick<LiveConfigs, "subscribe">;
  readonly streams: CallerStreams;
  readonly signing: StreamSigning;
  /** @throws StrataError UNAUTHENTICATED, RATE_LIMITED */
  readonly identify: (request: IncomingMessage, headers: IncomingHttpHeaders) => Promise<Principal>;
  /** Counts a request of a caller who was identified otherwise. @throws StrataError RATE_LIMITED */
  readonly count: (request: IncomingMessage, principal: Principal) => Promise<void>;
  readonly now: () => Date;
}

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  "x-accel-buffering": "no",
};

/** Tells clients over server-sent events when to ask again for their flags. */
export class ServedStreams {
  readonly #principals = new WeakMap<FastifyRequest, Principal>();
  readonly #open = new Set<FlagStream>();

  constructor(private readonly options: ServedStreamsOptions) {}

  /** Everybody who is connected is told where the answer is another one. */
  wake(): void {
    for (const stream of this.#open) stream.wake();
  }

  async identify(request: FastifyRequest): Promise<void> {
    const principal = await this.#principalOf(request);
    this.#principals.set(request, principal);
    request.notes = { route: request.routeOptions.url, subject: principal.subject };
    authorizeAtAll(principal, "read");
  }

  async answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const principal = this.#principals.get(request) ?? NOBODY;
    const targetingKey = queryText(request.query, "account");
    const accountId = targetAccount({ context: { targetingKey } }, principal);
    const target: BulkTarget = { accountId, configIds: wantedConfigs(request.query) };
    request.notes = { ...request.notes, account: accountId };
    const { streams, live } = this.options;
    const giveBack = streams.open.limit.take(streams.callerOf(request.raw, principal));
    const ending = new AbortController();
    try {
      const changes = await live.subscribe({ ...target, principal, signal: ending.signal });
      request.notes = { ...request.notes, outcomes: ["ok"] };
      await this.#send(request, reply, principal, target, changes, ending);
    } finally {
      ending.abort();
      giveBack();
    }
    return reply;
  }

  /** By the ticket in the address, or else by the token of the request. */
  async #principalOf(request: FastifyRequest): Promise<Principal> {
    if (queryText(request.query, "ticket") === undefined)
      return this.options.identify(request.raw, withApiKey(request.headers));
    const principal = this.#ticketOwner(request);
    await this.options.count(request.raw, principal ?? NOBODY);
    if (principal === undefined) throw unauthenticated();
    return principal;
  }

  #ticketOwner({ query }: FastifyRequest): Principal | undefined {
    return this.options.signing.tickets?.read(queryText(query, "ticket") ?? "", {
      accountId: queryText(query, "account") ?? "",
      configs: queryText(query, "configs") ?? "",
    });
  }

  async #send(
    request: FastifyRequest,
    reply: FastifyReply,
    principal: Principal,
    target: BulkTarget,
    changes: Awaited<ReturnType<LiveConfigs["subscribe"]>>,
    ending: AbortController,
  ): Promise<void> {
    const { raw } = reply.hijack();
    raw.writeHead(200, { ...(reply.getHeaders() as Record<string, string>), ...HEADERS });
    if (request.method === "HEAD") {
      raw.end();
      return;
    }
    raw.write(": connected\n\n");
    const known = request.headers["last-event-id"]?.toString() || queryText(request.query, "since");
    const stream = new FlagStream({
      changes,
      known: known === undefined ? undefined : stateIn(known),
      readTag: (since) => this.#readTag(principal, target, since),
      now: this.options.now,
      stop: () => ending.abort(),
      onError: (error) => {
        // An account that has gone, or left the caller's reach, is told of when the client comes back.
        if (!(error instanceof StrataError)) request.log.error({ err: error }, "stream failed");
      },
    });
    await this.#follow(request, reply, principal, stream);
  }

  async #follow(
    request: FastifyRequest,
    { raw }: FastifyReply,
    principal: Principal,
    stream: FlagStream,
  ): Promise<void> {
    const { open } = this.options.streams;
    const startedAt = performance.now();
    this.#open.add(stream);
    try {
      const sent = await sendStream(raw, stream, open.options.times, (end) =>
        open.follow({ transport: "ofrep", principal, recheck: () => this.#recheck(request), end }),
      );
      const milliseconds = Math.round(performance.now() - startedAt);
      request.log.info({ requestId: request.id, transport: "ofrep", milliseconds, ...sent }, "stream ended");
    } finally {
      this.#open.delete(stream);
    }
  }

  async #recheck(request: FastifyRequest): Promise<void> {
    if (queryText(request.query, "ticket") === undefined)
      await this.options.streams.recheck(withApiKey(request.headers));
    else if (this.#ticketOwner(request) === undefined) throw unauthenticated();
  }

  async #readTag(
    principal: Principal,
    target: BulkTarget,
    since: ConfigSnapshot | undefined,
  ): Promise<string> {
    const { createContext, signing } = this.options;
    const open = () => createContext(principal, new RequestJournal());
    let snapshots = await readBulk(open(), target);
    if (since !== undefined && snapshots.some((snapshot) => isOlder(snapshot, since)))
      snapshots = await readBulkNow(open(), target);
    const topic = { accountId: target.accountId, configs: target.configIds?.join(",") ?? "" };
    const endsAt = streamAddress("", signing, principal, topic)?.endsAt;
    return bulkTag(bulkState(snapshots, signing.id), endsAt);
  }
}

function isOlder({ position }: ConfigSnapshot, { position: other }: ConfigSnapshot): boolean {
  return position.incarnation === other.incarnation && position.sequence < other.sequence;
}
