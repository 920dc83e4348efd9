import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { CHANGES, LiveApp, OF_ACME } from "./live-app.js";
import { SocketClient } from "./socket-client.js";

const QUERY = "{ __typename }";

/** What is sent meanwhile comes to the server at once. */
function atOnce({ socket }: SocketClient, send: () => void): void {
  const { _socket: connection } = socket as unknown as { _socket: Socket };
  connection.cork();
  send();
  connection.uncork();
}

const subscribe = (client: SocketClient): void => client.subscribe("1", CHANGES, OF_ACME);
const query = (client: SocketClient): void => client.subscribe("1", QUERY);
const complete = (client: SocketClient): void => client.send({ id: "1", type: "complete" });

/** What comes with the id until an answer to what is asked for now: everything that was sent before it. */
async function messagesUntilNow(client: SocketClient): Promise<unknown[]> {
  const types: unknown[] = [];
  client.send({ type: "ping" });
  for (let { type } = await client.message(); type !== "pong"; { type } = await client.message())
    types.push(type);
  return types;
}

/** What a client does with an id before it subscribes with it. */
const BEFORE: Record<string, (client: SocketClient) => void> = {
  "a subscription that had not begun": (client) => {
    subscribe(client);
    complete(client);
  },
  "several subscriptions that had not begun": (client) => {
    for (let number = 0; number < 3; number++) {
      subscribe(client);
      complete(client);
    }
  },
  "a query that was not answered": (client) => {
    query(client);
    complete(client);
  },
};

test.each(Object.entries(BEFORE))("a completed id can be used again at once, after %s", async (_, before) => {
  const live = await LiveApp.forTest({ subscriptionsPerCaller: 4 });
  const client = await SocketClient.ready(live.origin);
  atOnce(client, () => {
    before(client);
    subscribe(client);
  });
  expect(await client.message()).toMatchObject({ id: "1", type: "next" });
  await live.write({ pin_timeout: 4_321 });
  expect(await client.message()).toMatchObject({
    id: "1",
    payload: { data: { configChanged: { snapshot: false, config: { values: { pin_timeout: 4_321 } } } } },
  });
  expect(await messagesUntilNow(client)).toEqual([]);
  complete(client);
  await live.write({ pin_timeout: 4_322 });
  expect(await messagesUntilNow(client)).toEqual([]);
});

test("a completed id can be used again at once, after a subscription that had begun", async () => {
  const live = await LiveApp.forTest();
  const client = await SocketClient.ready(live.origin);
  subscribe(client);
  await client.message();
  atOnce(client, () => {
    complete(client);
    subscribe(client);
  });
  expect(await client.message()).toMatchObject({ id: "1", type: "next" });
  await live.write({ pin_timeout: 4_321 });
  expect(await client.message()).toMatchObject({ id: "1", type: "next" });
  expect(await messagesUntilNow(client)).toEqual([]);
});

test("every operation of a connection ends with it, whatever was done with its id", async () => {
  const live = await LiveApp.forTest({ subscriptionsPerCaller: 4 });
  const client = await SocketClient.ready(live.origin);
  atOnce(client, () => {
    for (let number = 0; number < 3; number++) {
      subscribe(client);
      complete(client);
    }
    subscribe(client);
  });
  await client.message();
  await live.write({ pin_timeout: 4_321 });
  await client.message();
  client.socket.terminate();
  const subscribers = async () => {
    const text = await (await fetch(`${live.origin}/metrics`)).text();
    return /^strata_live_subscribers (\d+)/m.exec(text)?.[1];
  };
  await expect.poll(subscribers).toBe("0");
  const next = await SocketClient.ready(live.origin);
  for (const id of ["1", "2", "3", "4"]) {
    next.subscribe(id, CHANGES, OF_ACME);
    expect((await next.message()).type).toBe("next");
  }
  expect(live.logged("unexpected error")).toEqual([]);
});
