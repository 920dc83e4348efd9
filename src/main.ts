import { closeApp, createApp } from "./app.js";
import { readSettings, type Settings, unknownSettings } from "./env.js";
import { createLogger } from "./logger.js";

/** Milliseconds that requests have once the process is told to end, and that all of closing has. */
const DRAIN = { silence: 1_000, rest: 7_000, all: 8_000 } as const;
const CLOSE_MS = 9_500;

try {
  await run(readSettings(process.env));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

async function run(settings: Settings): Promise<void> {
  const logger = createLogger(settings.logLevel);
  for (const name of unknownSettings(process.env)) logger.warn({ name }, "not a setting: is it misspelt?");
  const app = await createApp(settings, logger);
  let closing = false;
  const close = (signal: NodeJS.Signals): void => {
    if (closing) return;
    closing = true;
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
  };
  process.on("SIGTERM", close).on("SIGINT", close);
  try {
    await app.listen({
      host: settings.host,
      port: settings.port,
      listenTextResolver: (address) => `listening at ${address}`,
    });
  } catch (error) {
    await app.close();
    throw listenError(error as NodeJS.ErrnoException, settings);
  }
  greet(app.listeningOrigin);
}

function listenError(error: NodeJS.ErrnoException, { host, port }: Settings): Error {
  if (error.code !== "EADDRINUSE") return error;
  return new Error(
    `Port ${port} of ${host} is in use. Set STRATA_PORT to another one, or to 0 for any that is free.`,
  );
}

/** Logs are for machines; whoever started this by hand wants a link. */
function greet(origin: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\n  Strata is ready. Open ${origin}/ in a browser.\n\n`);
}
