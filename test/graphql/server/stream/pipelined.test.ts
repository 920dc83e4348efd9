import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { EventReader } from "./event-reader.js";
import { CHANGES, LiveApp, OF_ACME } from "./live-app.js";

const BODY = JSON.stringify({ query: CHANGES, variables: OF_ACME });
const post = (accept: string, body = BODY) =>
  `POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: ${accept}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const EVENTS = post("text/event-stream");
const STREAMS = [
  EVENTS,
  post("multipart/mixed;subscriptionSpec=1.0"),
  "GET /v2/accounts/acme/configs/conferences/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
];

/** A connection over which requests are sent without waiting for an answer. */
class Pipe {
  text = "";
  readonly socket: Socket;

  constructor({ port }: LiveApp) {
    this.socket = connect({ port, host: "127.0.0.1" });
    onTestFinished(() => void this.socket.destroy());
    this.socket
      .on("error", () => {})
      .on("data", (data) => {
        this.text += data;
      });
  }

  has(part: string): Promise<void> {
    return expect.poll(() => this.text).toContain(part);
  }
}

async function subscribers({ origin }: LiveApp): Promise<number> {
  const text = await (await fetch(`${origin}/metrics`)).text();
  return Number(/^strata_live_subscribers (\d+)/m.exec(text)?.[1]);
}

test.each(STREAMS)(
  "a stream that waits behind another one on its connection ends with it (%#)",
  async (behind) => {
    const live = await LiveApp.forTest({ subscriptionsPerCaller: 2 });
    const pipe = new Pipe(live);
    pipe.socket.write(EVENTS + behind);
    await pipe.has('"snapshot":true');
    await expect.poll(() => subscribers(live)).toBe(2);
    pipe.socket.destroy();
    await expect.poll(() => subscribers(live)).toBe(0);
    const next = await EventReader.operation(`${live.origin}/graphql`, CHANGES, OF_ACME);
    expect((await next.next()).result).toMatchObject({ data: { configChanged: { snapshot: true } } });
  },
);

test("a stream that waits behind a query begins when the query is answered, and ends as any other", async () => {
  const live = await LiveApp.forTest();
  const pipe = new Pipe(live);
  pipe.socket.write(post("application/json", JSON.stringify({ query: "{ __typename }" })) + EVENTS);
  await pipe.has('"__typename":"Query"');
  await pipe.has('"snapshot":true');
  await live.write({ pin_timeout: 4_321 });
  await pipe.has('"pin_timeout":4321');
  pipe.socket.destroy();
  await expect.poll(() => subscribers(live)).toBe(0);
  expect(live.logged("stream ended")).toMatchObject([{ messages: 2, end: "client left" }]);
});

test("what is no HTTP behind a stream ends the connection, and nothing is written into the stream", async () => {
  const live = await LiveApp.forTest();
  const pipe = new Pipe(live);
  pipe.socket.write(EVENTS);
  await pipe.has('"snapshot":true');
  const closed = once(pipe.socket, "close");
  const { text } = pipe;
  pipe.socket.write("this is no request\r\n\r\n");
  await closed;
  expect(pipe.text).toBe(text);
  await expect.poll(() => subscribers(live)).toBe(0);
});
