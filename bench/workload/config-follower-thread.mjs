import { once } from "node:events";
import { parentPort, workerData } from "node:worker_threads";
import { WebSocket } from "ws";

// One subscription for each account, so many on each connection. Tells each time that all have had a message.

const { port, accountIds, perConnection, query, headers } = workerData;
const AT_ONCE = 50;

let told = 0;
let isSubscribed = false;

for (let next = 0; next < accountIds.length; next += perConnection)
  await subscribe(accountIds.slice(next, next + perConnection));
isSubscribed = true;
parentPort.postMessage("subscribed");

/** A few at once: a gateway lets only so many of a connection wait for their first message. */
async function subscribe(ids) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, "graphql-transport-ws");
  await once(socket, "open");
  socket.send(JSON.stringify({ type: "connection_init", payload: headers }));
  await once(socket, "message");
  const waiting = [...ids];
  const subscribeNext = () => {
    const accountId = waiting.shift();
    const payload = { query, variables: { accountId } };
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
