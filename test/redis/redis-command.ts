import { Redis } from "ioredis";

const PATIENCE_MS = 3_000;

/**
 * Sends one command over a connection of its own.
 * @throws when there is no connection, no answer in time, or an error for an answer
 */
export async function redisCommand(url: string, name: string, ...values: string[]): Promise<unknown> {
  const client = new Redis(url, {
    protocol: 2,
    lazyConnect: true,
    enableReadyCheck: false,
    disableClientInfo: true,
    retryStrategy: null,
    maxRetriesPerRequest: 0,
    connectTimeout: PATIENCE_MS,
    commandTimeout: PATIENCE_MS,
  });
  let problem: unknown;
  client.on("error", (error) => {
    problem = error;
  });
  try {
    await client.connect().catch((error: unknown) => {
      // Says only that the connection is closed; why, the event has said.
      throw problem ?? error;
    });
    return await client.call(name, ...values);
  } finally {
    client.disconnect();
  }
}
