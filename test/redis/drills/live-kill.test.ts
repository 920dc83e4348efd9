import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { originOf, spawnStrata } from "../../archive/strata-process.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { RedisServer } from "../redis-server.js";
import { until } from "../until.js";
import { goOn, overEvents, overWebSocket, ToldRecord } from "./live-clients.js";

const WRITES = process.env.STRATA_TEST_LONG === "1" ? 600 : 60;
const FIRST = 5_000;

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

test("subscribers of a gateway that is killed go on at another one, over graphql-ws and server-sent events, and miss nothing", async () => {
  const killed = await startGateway("on");
  const kept = await startGateway("off");
  const leaving = new AbortController();
  onTestFinished(() => leaving.abort());
  const origins = [killed.origin, kept.origin];
  const [socket, events] = [new ToldRecord(), new ToldRecord()];
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
