import { type Logger, pino } from "pino";

/**
 * Lines of the log are written together, once there are so many bytes of them or so many milliseconds have gone by, and at
 * the end of the process: a call of the system for each took a tenth of a request.
 */
const LOG_BYTES = 16_000;
const LOG_MS = 100;
/** Lines that nobody takes are let go beyond it: a log that stands still must not fill the memory. */
const WAITING_BYTES = 2 ** 24;

/** JSON lines on standard output. */
export function createLogger(level: string): Logger {
  return pino(
    { level, base: null, timestamp: createTimestamp() },
    pino.destination({
      sync: false,
      minLength: LOG_BYTES,
      periodicFlush: LOG_MS,
      maxLength: WAITING_BYTES,
    }),
  );
}

/** RFC 3339; spelled out once for all lines of one millisecond. */
function createTimestamp(): () => string {
  let [last, text] = [Number.NaN, ""];
  return () => {
    const now = Date.now();
    if (now !== last) [last, text] = [now, `,"time":"${new Date(now).toISOString()}"`];
    return text;
  };
}
