import { StrataError } from "../../domain/errors.js";
import { documentText } from "../document-text.js";
import { parseVersion } from "../records.js";
import type { Commit, CommitOutcome, Committed } from "../store.js";
import { within } from "../within.js";
import type { HighWaterMark } from "./high-water-mark.js";
import { sendFunctions } from "./redis-call.js";
import { commitCommand, conflictIn, type RedisRetention } from "./redis-commit.js";
import {
  callDeadline,
  type RedisCommand,
  type RedisConnection,
  RedisRefusal,
  RedisSilence,
} from "./redis-connection.js";
import { refused, silent } from "./redis-errors.js";
import type { RedisKeys } from "./redis-keys.js";
import { describeCell, type RedisTarget } from "./redis-url.js";
import { FOREIGN_ADVICE, type RedisWriteGuard } from "./redis-write-guard.js";

export interface RedisCommitSettings extends RedisRetention {
  readonly target: RedisTarget;
  readonly cell: string;
  /** How many replicas have each write before it is acknowledged. */
  readonly waitReplicas: number;
}

const REPLICAS_WITHIN_MS = 700;
const BATCH_COMMITS = 256;
/** Errors that Redis gives before it has done anything. */
const REFUSED_BEFORE =
  /^(OOM|READONLY|MISCONF|NOREPLICAS|LOADING|NOAUTH|NOPERM|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|BUSY)\b/;

interface Ticket {
  readonly command: RedisCommand;
  /** By when the answer is due, on the clock of `performance.now()`. */
  readonly deadline: number;
  readonly answer: (outcome: CommitOutcome) => void;
}

/** Sends commits, waits for the replicas that they need, and says what became of each. */
export class RedisCommitQueue {
  #waiting: Ticket[] = [];
  #draining: Promise<void> | undefined;

  constructor(
    private readonly connection: RedisConnection,
    private readonly keys: RedisKeys,
    private readonly mark: HighWaterMark,
    private readonly guard: RedisWriteGuard,
    private readonly settings: RedisCommitSettings,
  ) {}

  /** By the deadline of a call there is an outcome; never rejects. */
  async commit(commit: Commit): Promise<CommitOutcome> {
    const text = writtenText(commit);
    const deadline = callDeadline();
    try {
      await this.connection.ready(deadline);
      await within(deadline - performance.now(), this.guard.settled());
    } catch (error) {
      return notApplied(error as Error);
    }
    const known = this.mark.position;
    if (this.guard.obstacle !== undefined || known === undefined) return notApplied(this.#refusing());
    const command = commitCommand(this.keys, known, this.settings, commit, text);
    return new Promise((answer) => {
      const ticket = { command, deadline, answer };
      if (this.settings.waitReplicas === 0) void this.#apply([ticket]);
      else {
        this.#waiting.push(ticket);
        this.#draining ??= this.#drain();
      }
    });
  }

  /** With replicas to wait for, what arrives while one batch is waited for goes together into the next. */
  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) await this.#apply(this.#waiting.splice(0, BATCH_COMMITS));
    this.#draining = undefined;
  }

  /** Never rejects: every ticket gets its answer. */
  async #apply(batch: readonly Ticket[]): Promise<void> {
    const { waitReplicas } = this.settings;
    const commands = batch.map(({ command }) => command);
    const wait: RedisCommand[] = waitReplicas === 0 ? [] : [["WAIT", waitReplicas, REPLICAS_WITHIN_MS]];
    const deadline = Math.min(...batch.map((ticket) => ticket.deadline));
    let answers: unknown[];
    try {
      answers = await sendFunctions(this.connection, [...commands, ...wait], deadline);
    } catch (error) {
      const outcome =
        error instanceof RedisSilence ? unknown(silent(this.#place(), error)) : notApplied(error as Error);
      for (const { answer } of batch) answer(outcome);
      return;
    }
    const confirmed = waitReplicas === 0 ? 0 : Number(answers[batch.length]);
    for (const [index, { answer, command }] of batch.entries())
      answer(this.#outcome(answers[index], command, confirmed));
  }

  #outcome(answer: unknown, command: RedisCommand, confirmed: number): CommitOutcome {
    if (answer instanceof RedisRefusal) {
      const cause = refused(this.#place(), answer);
      // Look again, so that readiness reports the cause.
      void this.guard.look();
      return REFUSED_BEFORE.test(answer.message) ? notApplied(cause) : unknown(cause);
    }
    if (answer instanceof Error) return unknown(silent(this.#place(), answer));
    const [outcome, ...rest] = answer as [string, ...unknown[]];
    switch (outcome) {
      case "done":
        return this.#done(rest.map(String), confirmed);
      case "conflict":
        return { outcome, current: conflictIn(rest, command) };
      case "reused":
        return { outcome: "operationReused" };
      case "full":
        return { outcome: "operationsFull", retryAfter: Number(rest[0]) };
      default:
        return notApplied(this.#refused(rest.map(String)));
    }
  }

  /** The function wrote nothing, and says why. */
  #refused([reason = "", detail = ""]: readonly string[]): StrataError {
    if (reason === "foreign") {
      const message = `${detail.replace(/^FOREIGN /, "")}. ${FOREIGN_ADVICE}`;
      this.guard.tellOnce(`A write was refused, and nothing of it was written: ${message}`);
      return this.#refusing(message);
    }
    // It saw something newer than the last look: look again, so that readiness reports it.
    void this.guard.look();
    return this.#refusing(reason);
  }

  #done([version = "", replayed, at = "", memo = ""]: readonly string[], confirmed: number): CommitOutcome {
    const made: Committed = { version: parseVersion(version), at };
    const { waitReplicas } = this.settings;
    // NaN, where WAIT itself was refused, confirms nothing.
    if (!(confirmed >= waitReplicas)) {
      const message = `Only ${confirmed} of ${waitReplicas} replicas have the write so far.`;
      void this.guard.look();
      return unknown(new StrataError("STORE_UNAVAILABLE", message));
    }
    this.mark.acknowledge(made.version.sequence);
    return { outcome: "done", ...made, replayed: replayed === "replayed", ...(memo !== "" && { memo }) };
  }

  #refusing(reason = this.guard.obstacle ?? "it was not looked at yet"): StrataError {
    return new StrataError("STORE_UNAVAILABLE", `Redis at ${this.#place()} is not written to: ${reason}.`);
  }

  #place(): string {
    return describeCell(this.settings);
  }
}

function writtenText({ write }: Commit): string | undefined {
  return write.on === "document" ? documentText(write) : undefined;
}

export function notApplied(cause: Error): CommitOutcome {
  return { outcome: "notApplied", cause };
}

function unknown(cause: Error): CommitOutcome {
  return { outcome: "unknown", cause };
}
