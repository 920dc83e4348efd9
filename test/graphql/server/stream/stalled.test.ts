import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { heapMebibytes } from "../../../heap.js";
import { EventReader } from "./event-reader.js";
import { CHANGES, LiveApp, OF_ACME } from "./live-app.js";
import { longValue, StalledClient } from "./stalled-client.js";

/** Messages of 1 MiB wait at most: some three of these. */
const MISSED = 40;
const SECONDS = 60;
const WRITES_PER_SECOND = 300;
const BODY = JSON.stringify({ query: CHANGES, variables: OF_ACME });
const POST = ["POST /graphql HTTP/1.1", "Content-Type: application/json"];

/** How a client asks for a stream of acme's conferences, and what is in its first message. */
const TRANSPORTS = {
  "server-sent events": {
    head: [...POST, "Accept: text/event-stream"],
    body: BODY,
  },
  multipart: {
    head: [...POST, "Accept: multipart/mixed;subscriptionSpec=1.0"],
    body: BODY,
  },
  REST: {
    head: ["GET /v2/accounts/acme/configs/conferences/stream HTTP/1.1", "Accept: text/event-stream"],
    body: "",
  },
};

async function openStalled(live: LiveApp, { head, body }: (typeof TRANSPORTS)["REST"]) {
  const client = await StalledClient.connect(live);
  return client.open(head, body, '"snapshot":true');
}

describe.each(Object.entries(TRANSPORTS))("a client of %s that reads nothing", (_, transport) => {
  test("is cut off in spite of the signs of life, and its place is free again", async () => {
    const live = await LiveApp.forTest({ subscriptionsPerCaller: 1 }, { keepAlive: 50, stall: 1_000 });
    const client = await openStalled(live, transport);
    await client.stall();
    await expect.poll(() => client.isCutOff, { timeout: 20_000 }).toBe(true);
    await expect.poll(() => live.logged("stream ended")).toMatchObject([{ end: "client left" }]);
    const next = await EventReader.operation(`${live.origin}/graphql`, CHANGES, OF_ACME);
    expect((await next.next()).result).toMatchObject({ data: { configChanged: { snapshot: true } } });
  });

  test("is told the newest state when it reads again, and not each on the way", async () => {
    const live = await LiveApp.forTest({}, { keepAlive: 20 });
    const client = await openStalled(live, transport);
    const taken = await client.stall();
    const waited = client.waiting;
    for (let number = 1; number <= MISSED; number++) await live.write(longValue(taken + number));
    expect(client.waiting).toBe(waited);
    client.socket.resume();
    await client.reads(`"entry_tone":"${taken + MISSED} `);
    const messages = client.text.split(/"snapshot":/).length - 1;
    expect(messages).toBeLessThan(taken + MISSED / 2);
  });
});

test.runIf(process.env.STRATA_TEST_LONG === "1")(
  "a client that reads nothing for a minute under hundreds of writes a second costs no more memory the longer that lasts",
  async () => {
    const live = await LiveApp.forTest({ cacheMebibytes: 4 });
    const client = await openStalled(live, TRANSPORTS["server-sent events"]);
    await client.stall();
    await live.write({ entry_tone: null });
    let count = 0;
    const writeForASecond = async (): Promise<void> => {
      const rest = pause(1_000);
      for (let number = 0; number < WRITES_PER_SECOND; number++) await live.write({ pin_timeout: ++count });
      await rest;
      // Nothing else of the test is to grow.
      live.app.log.length = 0;
    };
    for (let second = 0; second < 5; second++) await writeForASecond();
    const [waited, before, startedAt] = [client.waiting, heapMebibytes(), performance.now()];
    for (let second = 0; second < SECONDS; second++) await writeForASecond();
    const grown = heapMebibytes() - before;
    const seconds = (performance.now() - startedAt) / 1_000;
    console.info(
      `${SECONDS * WRITES_PER_SECOND} writes in ${seconds.toFixed(0)} s: the heap has grown by ${grown.toFixed(1)} MiB`,
    );
    expect(client.waiting).toBe(waited);
    expect(grown).toBeLessThan(6);
    client.socket.resume();
    await client.reads(`"pin_timeout":${count}`);
    expect(client.text.split("event: next").length - 1).toBeLessThan(count / 2);
  },
  600_000,
);
