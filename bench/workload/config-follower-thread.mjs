import { once } from "node:events";
import { parentPort, workerData } from "node:worker_threads";
import { WebSocket } from "ws";

// One subscription for each account, on as few connections as a gateway allows. Tells each time that all have had a message.

const { port, accountIds, configId } = workerData;
const PER_CONNECTION = 1_000;
const AT_ONCE = 50;
const CHANGES =
  "subscription ($accountId: ID!, $configId: ID!) { configChanged(accountId: $accountId, configIds: [$configId]) { config { etag } changes { pointer after } } }";

let told = 0;
let isSubscribed = false;

for (let next = 0; next < accountIds.length; next += PER_CONNECTION)
  await subscribe(accountIds.slice(next, next + PER_CONNECTION));
isSubscribed = true;
parentPort.postMessage("subscribed");

/** A few at once: a gateway lets only so many of a connection wait for their first message. */
async function subscribe(ids) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, "graphql-transport-ws");
  await once(socket, "open");
  socket.send(JSON.stringify({ type: "connection_init" }));
  await once(socket, "message");
  const waiting = [...ids];
  const subscribeNext = () => {
    const accountId = waiting.shift();
    const payload = { query: CHANGES, variables: { accountId, configId } };
    if (accountId !== undefined) socket.send(JSON.stringify({ id: accountId, type: "subscribe", payload }));
  };
  let first = 0;
  await new Promise((resolve) => {
    socket.on("message", (data) => {
      const text = data.toString();
      if (text.includes('"type":"error"')) throw new Error(text.slice(0, 400));
      if (!text.includes('"type":"next"')) return;
      if (isSubscribed) {
        if (++told % accountIds.length === 0) parentPort.postMessage("told");
        return;
      }
      subscribeNext();
      if (++first === ids.length) resolve();
    });
    for (let count = 0; count < AT_ONCE; count++) subscribeNext();
  });
}
