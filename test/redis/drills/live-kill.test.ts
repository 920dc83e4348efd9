import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createClient } from "graphql-ws";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { originOf, spawnStrata } from "../../archive/strata-process.js";
import { EventReader } from "../../graphql/server/stream/event-reader.js";
import { CHANGES, OF_ACME, type Told } from "../../graphql/server/stream/live-app.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { RedisServer } from "../redis-server.js";
import { until } from "../until.js";

const WRITES = process.env.STRATA_TEST_LONG === "1" ? 600 : 60;
const FIRST = 5_000;
const PAUSE_MS = 10;

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

interface Gateway {
  readonly child: ChildProcess;
  readonly origin: string;
}

async function startGateway(examples: "on" | "off"): Promise<Gateway> {
  const { child } = spawnStrata([], {
    STRATA_STORE: server.url,
    STRATA_STATE: temporaryFolder(),
    STRATA_EXAMPLES: examples,
    STRATA_ACCESS: "open",
  });
  return { child, origin: await originOf(child) };
}

async function write({ origin }: Gateway, value: number): Promise<void> {
  const response = await fetch(`${origin}/v2/accounts/acme/configs/conferences`, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ data: { pin_timeout: value } }),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
}

/** What a client was told, whichever gateway it was connected to. */
class Record {
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
async function goOn(
  origins: readonly string[],
  signal: AbortSignal,
  follow: (origin: string) => Promise<void>,
) {
  for (let tries = 0; tries < 100 && !signal.aborted; tries++) {
    await follow(origins[tries % origins.length] as string).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

async function overWebSocket(origin: string, record: Record, signal: AbortSignal): Promise<void> {
  const client = createClient({
    url: `${origin.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
  });
  signal.addEventListener("abort", () => void client.dispose());
  const variables = { ...OF_ACME, since: record.cursor, bookmarks: true };
  for await (const { data } of client.iterate<{ configChanged: Told }>({ query: CHANGES, variables }))
    if (data) record.take(data.configChanged);
}

async function overEvents(origin: string, record: Record, signal: AbortSignal): Promise<void> {
  const response = await fetch(`${origin}/graphql`, {
    method: "POST",
    headers: {
      accept: "text/event-stream",
      "content-type": "application/json",
      ...(record.cursor !== undefined && { "last-event-id": record.cursor }),
    },
    body: JSON.stringify({ query: CHANGES, variables: OF_ACME }),
    signal,
  });
  const reader = new EventReader(response);
  for (;;) record.take((await reader.next<{ data: { configChanged: Told } }>()).result.data.configChanged);
}

test("subscribers of a gateway that is killed go on at another one, over graphql-ws and server-sent events, and miss nothing", async () => {
  const killed = await startGateway("on");
  const kept = await startGateway("off");
  const leaving = new AbortController();
  onTestFinished(() => leaving.abort());
  const origins = [killed.origin, kept.origin];
  const [socket, events] = [new Record(), new Record()];
  void goOn(origins, leaving.signal, (origin) => overWebSocket(origin, socket, leaving.signal));
  void goOn(origins, leaving.signal, (origin) => overEvents(origin, events, leaving.signal));
  await until("both have a first state", () => socket.values.length > 0 && events.values.length > 0);
  const written = Array.from({ length: WRITES }, (_, number) => FIRST + number);
  for (const [number, value] of written.entries()) {
    await write(kept, value);
    if (number !== Math.floor(WRITES / 2)) continue;
    const exit = once(killed.child, "exit");
    killed.child.kill("SIGKILL");
    await exit;
  }
  const last = written.at(-1);
  await until("both are told of the last write", () =>
    [socket, events].every(({ values }) => values.at(-1) === last),
  );
  for (const { values, resets } of [socket, events]) {
    expect(resets).toBe(0);
    expect(values.slice(1)).toEqual(written);
  }
});
