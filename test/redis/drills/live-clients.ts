import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { EventReader } from "../../graphql/server/stream/event-reader.js";
import { CHANGES, OF_ACME, type Told } from "../../graphql/server/stream/live-app.js";

const PAUSE_MS = 10;
const MOST_TRIES = 10_000;

/** The headers of a caller. */
export type Headers = () => Promise<Readonly<Record<string, string>>>;
const NOBODY: Headers = async () => ({});

/** What a client was told, whichever gateway it was connected to. */
export class ToldRecord {
  readonly values: unknown[] = [];
  resets = 0;
  cursor: string | undefined;

  take({ cursor, reset, config }: Told): void {
    this.cursor = cursor;
    if (reset) this.resets++;
    if (config !== null) this.values.push(config.values.pin_timeout);
  }
}

/** Connects again, to the next gateway, whenever its stream ends. */
export async function goOn(
  origins: readonly string[],
  signal: AbortSignal,
  follow: (origin: string) => Promise<void>,
) {
  for (let tries = 0; tries < MOST_TRIES && !signal.aborted; tries++) {
    await follow(origins[tries % origins.length] as string).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

export async function overWebSocket(
  origin: string,
  record: ToldRecord,
  signal: AbortSignal,
  headers = NOBODY,
): Promise<void> {
  const client = createClient({
    url: `${origin.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionParams: headers,
  });
  signal.addEventListener("abort", () => void client.dispose());
  const variables = { ...OF_ACME, since: record.cursor, bookmarks: true };
  for await (const { data } of client.iterate<{ configChanged: Told }>({ query: CHANGES, variables }))
    if (data) record.take(data.configChanged);
}

export async function overEvents(
  origin: string,
  record: ToldRecord,
  signal: AbortSignal,
  headers = NOBODY,
): Promise<void> {
  const response = await fetch(`${origin}/graphql`, {
    method: "POST",
    headers: {
      accept: "text/event-stream",
      "content-type": "application/json",
      ...(await headers()),
      ...(record.cursor !== undefined && { "last-event-id": record.cursor }),
    },
    body: JSON.stringify({ query: CHANGES, variables: OF_ACME }),
    signal,
  });
  const reader = new EventReader(response);
  for (;;) record.take((await reader.next<{ data: { configChanged: Told } }>()).result.data.configChanged);
}
