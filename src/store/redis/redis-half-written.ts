import type { RedisConnection } from "./redis-connection.js";
import type { RedisKeys } from "./redis-keys.js";

/** As Redis answers for it. */
export interface HalfState {
  readonly sequence: unknown;
  readonly begun: unknown;
  /** The XINFO of the feed; an error where there is none. */
  readonly stream: unknown;
}

const ADVICE =
  "Run `npx strata accept` once: it makes whole what can be made whole, and gateways go on with that.";

/**
 * Whether a part of a commit is in the store without the rest: of one that a kill has torn, or that an error has ended. A
 * commit raises `begun` first and `seq` last.
 * @returns what shows it, in words for the operator
 */
export function halfWritten({ sequence, begun, stream }: HalfState): string | undefined {
  const told = Number.parseInt(String(valueIn(stream, "last-generated-id") ?? 0), 10);
  if (told > Number(sequence))
    return `its feed is ahead: it tells of commit ${told}, and the newest is ${sequence}; half of a commit is in it. ${ADVICE}`;
  if (Number(begun ?? 0) > Number(sequence))
    return `${begun} commits were begun, and ${sequence} were made: half of a commit is in it. ${ADVICE}`;
  return undefined;
}

export async function readState(connection: RedisConnection, keys: RedisKeys): Promise<HalfState> {
  const [sequence, begun, stream] = await connection.send([
    ["GET", keys.sequence],
    ["GET", keys.begun],
    ["XINFO", "STREAM", keys.feed],
  ]);
  return { sequence, begun, stream };
}

/** A member of an answer that is a flat list of names and values. */
function valueIn(answer: unknown, name: string): unknown {
  return Array.isArray(answer) ? answer[answer.indexOf(name) + 1] : undefined;
}
