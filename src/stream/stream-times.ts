/** Times of streams, in milliseconds. */
export interface StreamTimes {
  /** From one sign of life to the next. Proxies close what is silent for a minute. */
  readonly keepAlive: number;
  /** How long a peer may read nothing, or be silent where it has to answer. Longer than a laptop's short sleep. */
  readonly stall: number;
  /** How long a peer that reads nothing is given for the last message. */
  readonly grace: number;
  /** How often a stream's token is looked at again: its key may have been taken away. */
  readonly recheck: number;
  /** The longest time that a client is told to wait before it connects again: so that not all come at once. */
  readonly spread: number;
}

export const STREAM_TIMES: StreamTimes = {
  keepAlive: 15_000,
  stall: 120_000,
  grace: 3_000,
  recheck: 60_000,
  spread: 5_000,
};
