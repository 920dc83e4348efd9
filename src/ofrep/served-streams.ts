import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { ParsedUrlQuery } from "node:querystring";
import type { FastifyBaseLogger } from "fastify";
import { NOBODY, type Principal } from "../auth/principal.js";
import { unauthenticated } from "../auth/unauthenticated.js";
import { StrataError } from "../domain/errors.js";
import type { LastingResponse } from "../http/face-server.js";
import { type ResponseHeaders, withContent } from "../http/response-headers.js";
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
import type { OfrepRequest } from "./ofrep-request.js";
import { streamAddress } from "./stream-address.js";
import type { StreamSigning } from "./stream-signing.js";

export interface ServedStreamsOptions {
  readonly createContext: (principal: Principal, journal: RequestJournal) => OfrepContext;
  readonly live: Pick<LiveConfigs, "subscribe">;
  readonly streams: CallerStreams;
  readonly signing: StreamSigning;
  /** @throws StrataError UNAUTHENTICATED, RATE_LIMITED */
  readonly identify: (request: IncomingMessage, headers: IncomingHttpHeaders) => Promise<Principal>;
  /** Counts a request of a caller who was identified otherwise. @throws StrataError RATE_LIMITED */
  readonly count: (request: IncomingMessage, principal: Principal) => Promise<void>;
  readonly responseHeaders: ResponseHeaders;
  readonly now: () => Date;
}

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  "x-accel-buffering": "no",
};

/** Tells clients over server-sent events when to ask again for their flags. */
export class ServedStreams {
  readonly #open = new Set<FlagStream>();

  constructor(
    private readonly options: ServedStreamsOptions,
    private readonly logger: FastifyBaseLogger,
  ) {}

  /** Everybody who is connected is told where the answer is another one. */
  wake(): void {
    for (const stream of this.#open) stream.wake();
  }

  /** By the ticket in the address, or else by the token of the request. */
  async identify(raw: IncomingMessage, query: ParsedUrlQuery): Promise<Principal> {
    if (queryText(query, "ticket") === undefined) return this.options.identify(raw, withApiKey(raw.headers));
    const principal = this.#ticketOwner(query);
    await this.options.count(raw, principal ?? NOBODY);
    if (principal === undefined) throw unauthenticated();
    return principal;
  }

  async answer(request: OfrepRequest): Promise<LastingResponse> {
    const { raw, principal, query, notes } = request;
    const targetingKey = queryText(query, "account");
    const accountId = targetAccount({ context: { targetingKey } }, principal);
    const target: BulkTarget = { accountId, configIds: wantedConfigs(query) };
    notes.account = accountId;
    const { streams, live } = this.options;
    const giveBack = streams.open.limit.take(streams.callerOf(raw, principal));
    const ending = new AbortController();
    const end = (): void => {
      ending.abort();
      giveBack();
    };
    try {
      const changes = await live.subscribe({ ...target, principal, signal: ending.signal });
      notes.outcomes = ["ok"];
      return {
        send: (response) => this.#send(request, response, target, changes, ending).finally(end),
      };
    } catch (error) {
      end();
      throw error;
    }
  }

  #ticketOwner(query: ParsedUrlQuery): Principal | undefined {
    return this.options.signing.tickets?.read(queryText(query, "ticket") ?? "", {
      accountId: queryText(query, "account") ?? "",
      configs: queryText(query, "configs") ?? "",
    });
  }

  async #send(
    request: OfrepRequest,
    response: ServerResponse,
    target: BulkTarget,
    changes: Awaited<ReturnType<LiveConfigs["subscribe"]>>,
    ending: AbortController,
  ): Promise<void> {
    const { raw, requestId, principal, query } = request;
    response.writeHead(200, withContent(this.options.responseHeaders(raw, requestId), HEADERS));
    if (raw.method === "HEAD") {
      response.end();
      return;
    }
    response.write(": connected\n\n");
    const known = raw.headers["last-event-id"]?.toString() || queryText(query, "since");
    const stream = new FlagStream({
      changes,
      known: known === undefined ? undefined : stateIn(known),
      readTag: (since) => this.#readTag(principal, target, since),
      now: this.options.now,
      stop: () => ending.abort(),
      onError: (error) => {
        // An account that has gone, or left the caller's reach, is told of when the client comes back.
        if (!(error instanceof StrataError)) this.logger.error({ requestId, err: error }, "stream failed");
      },
    });
    await this.#follow(request, response, stream);
  }

  async #follow(request: OfrepRequest, response: ServerResponse, stream: FlagStream): Promise<void> {
    const { open } = this.options.streams;
    const { requestId, principal } = request;
    const startedAt = performance.now();
    this.#open.add(stream);
    try {
      const sent = await sendStream(response, stream, open.options.times, (end) =>
        open.follow({ transport: "ofrep", principal, recheck: () => this.#recheck(request), end }),
      );
      const milliseconds = Math.round(performance.now() - startedAt);
      this.logger.info({ requestId, transport: "ofrep", milliseconds, ...sent }, "stream ended");
    } finally {
      this.#open.delete(stream);
    }
  }

  async #recheck({ raw, query }: OfrepRequest): Promise<void> {
    if (queryText(query, "ticket") === undefined) await this.options.streams.recheck(withApiKey(raw.headers));
    else if (this.#ticketOwner(query) === undefined) throw unauthenticated();
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
