import { StrataError } from "../../../domain/errors.js";
import { ConcurrencyLimit } from "../../../service/concurrency-limit.js";

/** Results of one WebSocket that are made and not sent yet. */
const AT_ONCE = 4;
/** Queries and mutations that wait for one of these. */
const WAITING = 200;

/**
 * Bounds what one WebSocket makes the process hold. A result is made only once there is a slot for it, which it holds until it has left
 * the process: where the client does not read, nothing more is made for it.
 */
export class SocketSlots extends ConcurrencyLimit {
  constructor() {
    super(AT_ONCE);
  }

  /** As `take`, for an operation that has not begun. @throws StrataError RATE_LIMITED where too many wait already */
  takeForOperation(): Promise<void> | undefined {
    if (this.waiting < WAITING) return this.take();
    const message =
      "Too many operations of this connection wait to be answered: read what was sent, or send fewer at once.";
    throw new StrataError("RATE_LIMITED", message, { limit: "subscriptions", retryAfter: 1 });
  }
}
