import { closeSync, openSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import { announceEnd, closeApp, reloadSchemas } from "./app.js";
import { describeStore } from "./open-store.js";
import { startServer } from "./start-server.js";

/** Milliseconds that requests have once the process is told to end, and that all of closing has. */
const DRAIN = { silence: 1_000, rest: 7_000, all: 8_000 } as const;
const CLOSE_MS = 9_500;

/** Before the app is there SIGHUP must not end the process: the folder is loaded again as soon as it can be. */
let isHangUpEarly = false;
const noteEarlyHangUp = (): void => {
  isHangUpEarly = true;
};
process.on("SIGHUP", noteEarlyHangUp);

try {
  let store = "";
  const { listeningOrigin } = await startServer(process.env, (app, settings) => {
    store = describeStore(settings.store);
    closeOnSignals(app, settings.drainDelay);
    reloadOnHangUp(app);
  });
  greet(listeningOrigin, store);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

function closeOnSignals(app: FastifyInstance, drainDelay: number): void {
  const hurry = new AbortController();
  let isEnding = false;
  const end = (signal: NodeJS.Signals): void => {
    // Told a second time, it does not wait.
    if (isEnding) hurry.abort();
    if (isEnding) return;
    isEnding = true;
    announceEnd(app, drainDelay);
    if (drainDelay > 0)
      app.log.info({ signal, drainDelay }, "not ready any more: requests are taken meanwhile");
    pause(drainDelay * 1_000, undefined, { signal: hurry.signal })
      .catch(() => app.log.info("told again: the delay is cut short"))
      .then(() => close(app, signal));
  };
  process.on("SIGTERM", end).on("SIGINT", end);
}

/**
 * SIGHUP loads the schema folder again. When the terminal has closed that the server was started at, it ends the process, as it
 * does where nobody listens to it: otherwise a server that nobody sees would hold the store.
 */
function reloadOnHangUp(app: FastifyInstance): void {
  const hangUp = (signal: NodeJS.Signals): void => {
    if (hasLostTerminal()) {
      process.off("SIGHUP", hangUp);
      process.kill(process.pid, signal);
      return;
    }
    app.log.info({ signal }, "loading the schemas again");
    reloadSchemas(app).catch((error: unknown) =>
      app.log.error({ err: error }, "reloading the schemas failed"),
    );
  };
  process.off("SIGHUP", noteEarlyHangUp).on("SIGHUP", hangUp);
  if (isHangUpEarly) hangUp("SIGHUP");
}

function hasLostTerminal(): boolean {
  if (!process.stdin.isTTY && !process.stderr.isTTY) return false;
  try {
    closeSync(openSync("/dev/tty", "r"));
    return false;
  } catch {
    return true;
  }
}

function close(app: FastifyInstance, signal: NodeJS.Signals): void {
  const logger = app.log;
  logger.info({ signal }, "closing: no new connections, finishing what was sent");
  setTimeout(() => {
    logger.error("closing took too long");
    process.exit(1);
  }, CLOSE_MS);
  closeApp(app, DRAIN).then(
    () => {
      logger.info("closed");
      process.exit(0);
    },
    (error: unknown) => {
      logger.error({ err: error }, "closing failed");
      process.exit(1);
    },
  );
}

/** Logs are for machines; a person at a terminal gets a link. */
function greet(origin: string, store: string): void {
  if (process.stderr.isTTY)
    process.stderr.write(`\n  Strata is ready. Open ${origin}/ in a browser. Its data is in ${store}.\n\n`);
}
