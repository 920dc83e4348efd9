import type { IncomingMessage } from "node:http";
import type { FastifyBaseLogger } from "fastify";
import type { FormattedExecutionResult, GraphQLFormattedError } from "graphql";
import type { SubscribePayload } from "graphql-ws";
import { NOBODY, type Principal } from "../../../auth/principal.js";
import { callerOf } from "../../../auth/rate-limit.js";
import { unauthenticated } from "../../../auth/unauthenticated.js";
import { StrataError } from "../../../domain/errors.js";
import { addNotes, type LoggedNotes } from "../../../http/request-notes.js";
import { yieldInBackground } from "../../../service/yield-to-event-loop.js";
import type { OpenStreams, StreamEnd } from "../../../stream/open-streams.js";
import { tooMany } from "../../../stream/stream-limit.js";
import type { Identify } from "../identify.js";
import type { OperationPipeline } from "../operation-pipeline.js";
import { PipelineNotes } from "../pipeline-notes.js";
import { ResultStream } from "./result-stream.js";
import { type BegunOperation, SocketOperation } from "./socket-operation.js";
import { SocketSlots } from "./socket-slots.js";
import { headersOfSocket } from "./socket-token.js";

export interface SocketDependencies {
  readonly pipeline: OperationPipeline;
  readonly streams: OpenStreams;
  readonly identify: Identify;
  readonly recheck: (headers: IncomingMessage["headers"]) => Promise<unknown>;
  readonly logger: FastifyBaseLogger;
}

/** Close codes of graphql-transport-ws and of WebSockets (RFC 6455 and IANA's registry). */
const UNAUTHORIZED = { code: 4401, reason: "Unauthorized: there is no valid token" };
const RESTART = { code: 1012, reason: "The server is being stopped: connect again" };
const TOO_MANY = { code: 1013, reason: "Too many connections or requests of this caller: try again later" };

const ACCEPT = "application/graphql-response+json";

/** What one WebSocket is used for: who is calling, and the operations that are under way. */
export class SocketSession {
  readonly #slots = new SocketSlots();
  #headers: IncomingMessage["headers"] = {};
  #principal: Principal = NOBODY;
  #operations = 0;
  #forget: () => void = () => {};
  #giveBack: () => void = () => {};
  #isGone = false;
  #turns: Promise<void> = Promise.resolve();

  constructor(
    private readonly dependencies: SocketDependencies,
    private readonly upgrade: IncomingMessage,
    private readonly requestId: string,
    private readonly address: string,
    private readonly close: (code: number, reason: string) => void,
  ) {}

  /** Called once, with what the client has sent in `connection_init`. @returns whether it may go on */
  async connect(params: Readonly<Record<string, unknown>> | undefined): Promise<boolean> {
    const { identify, streams, recheck } = this.dependencies;
    this.#headers = headersOfSocket(this.upgrade.headers, params);
    try {
      const principal = await identify(this.upgrade, this.#headers);
      if (principal === NOBODY) throw unauthenticated();
      this.#principal = principal;
      this.#giveBack = streams.socketLimit.take(callerOf(principal, this.address));
    } catch (error) {
      this.#close(isUnauthenticated(error) ? UNAUTHORIZED : TOO_MANY);
      return false;
    }
    this.#forget = streams.follow({
      transport: "websocket",
      principal: this.#principal,
      recheck: () => recheck(this.#headers),
      end: (why) => this.#end(why),
    });
    return true;
  }

  /**
   * Begins an operation; whatever is wrong with it comes as its first and last result.
   * @param send sends the JSON text of a result, and resolves once it has left the process
   */
  begin(payload: SubscribePayload, send: (json: string) => Promise<void>): SocketOperation {
    const startedAt = performance.now();
    const notes = new PipelineNotes();
    this.#operations++;
    const beginning = this.#begin(payload, notes, startedAt);
    const beforeEnd = () => (this.#isGone ? this.#turn() : undefined);
    return new SocketOperation(beginning, this.#slots, send, beforeEnd, (messages, isStream) => {
      this.#operations--;
      if (isStream) this.#tell("stream ended", notes, startedAt, messages);
    });
  }

  /** Its operations end one after the other: a thousand subscriptions take some 40 ms. */
  #turn(): Promise<void> {
    const turn = this.#turns.then(yieldInBackground);
    this.#turns = turn;
    return turn;
  }

  /** Once the connection is gone, before its operations are ended. */
  leave(): void {
    this.#isGone = true;
    this.#forget();
    this.#giveBack();
  }

  async #begin(payload: SubscribePayload, notes: PipelineNotes, startedAt: number): Promise<BegunOperation> {
    let holdsSlot = false;
    let results: BegunOperation["results"];
    try {
      if (this.#operations > this.dependencies.streams.options.perConnection)
        throw tooMany(`${this.#operations - 1} operations are under way on this connection`);
      // Each operation counts for the rate limit, and the token may have ended meanwhile.
      this.#principal = await this.dependencies.identify(this.upgrade, this.#headers);
      await this.#slots.takeForOperation();
      holdsSlot = true;
      results = await this.#run(payload, notes, startedAt);
    } catch (error) {
      results = { errors: [toldError(error)] };
      notes.outcomes = [toldError(error).extensions.code];
      if (isUnauthenticated(error)) this.#close(UNAUTHORIZED);
    }
    this.#tell("operation", notes, startedAt);
    return { results, holdsSlot };
  }

  async #run(
    { query, ...others }: SubscribePayload,
    notes: PipelineNotes,
    startedAt: number,
  ): Promise<ResultStream | FormattedExecutionResult> {
    notes.subject = this.#principal.subject;
    // The protocol wants a query in each message: a persisted one has an empty text.
    const json = query === "" ? others : { query, ...others };
    const made = await this.dependencies.pipeline.run({
      request: { method: "POST", url: "/graphql", headers: { accept: ACCEPT } },
      requestId: this.requestId,
      startedAt,
      notes,
      principal: this.#principal,
      json: () => json,
      cacheKey: undefined,
      contentType: ACCEPT,
      stream: { caller: callerOf(this.#principal, this.address) },
    });
    if (made instanceof ResultStream) return made;
    notes.responded(made);
    return JSON.parse(made.body) as FormattedExecutionResult;
  }

  #close({ code, reason }: typeof UNAUTHORIZED): void {
    this.close(code, reason);
  }

  #end(why: StreamEnd): void {
    this.#close(why.kind === "expired" ? UNAUTHORIZED : RESTART);
  }

  #tell(text: string, notes: PipelineNotes, startedAt: number, messages?: number): void {
    const { requestId, address } = this;
    const { operation, outcomes } = notes;
    const milliseconds = Math.round((performance.now() - startedAt) * 100) / 100;
    const line: LoggedNotes = {};
    addNotes(line, notes);
    this.dependencies.logger.info(
      {
        requestId,
        address,
        transport: "websocket",
        milliseconds,
        messages,
        outcomes,
        ...operation,
        ...line,
      },
      text,
    );
  }
}

function isUnauthenticated(error: unknown): boolean {
  return error instanceof StrataError && error.code === "UNAUTHENTICATED";
}

/** Of an operation that does not reach the pipeline. @throws what is no refusal of ours */
function toldError(
  error: unknown,
): GraphQLFormattedError & { readonly extensions: { readonly code: string } } {
  if (!(error instanceof StrataError)) throw error;
  const { message, code, limit, retryAfter } = error;
  return {
    message,
    extensions: {
      code,
      ...(limit !== undefined && { limit }),
      ...(retryAfter !== undefined && { retryAfter }),
    },
  };
}
