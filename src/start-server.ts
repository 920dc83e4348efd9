import type { FastifyInstance } from "fastify";
import { createApp } from "./app.js";
import { readSettings, unknownSettings } from "./env.js";
import { createLogger } from "./logger.js";
import type { Settings } from "./settings.js";

/**
 * Reads the settings, opens the store and listens.
 * @param onOpened called before it listens: from then on the app has to be closed
 * @throws Error with a message for the operator; nothing is left open then
 */
export async function startServer(
  env: NodeJS.ProcessEnv,
  onOpened: (app: FastifyInstance, settings: Settings) => void = () => {},
): Promise<FastifyInstance> {
  const settings = readSettings(env);
  const logger = createLogger(settings.logLevel);
  for (const name of unknownSettings(env)) logger.warn({ name }, "not a setting: is it misspelt?");
  const app = await createApp(settings, logger);
  onOpened(app, settings);
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
  return app;
}

function listenError(error: NodeJS.ErrnoException, { host, port }: Settings): Error {
  if (error.code !== "EADDRINUSE") return error;
  return new Error(
    `Port ${port} of ${host} is in use. Set STRATA_PORT to another one, or to 0 for any that is free.`,
  );
}
