import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { setTimeout as pause, setImmediate } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { type Frames, type SentStream, sendStream } from "../../src/stream/send-stream.js";
import { STREAM_TIMES } from "../../src/stream/stream-times.js";

/** Less than Node takes before it says that it is enough for now. */
const PIECE = "x".repeat(8_000);
const MOST_PIECES = 5_000;

interface Exchange {
  readonly client: Socket;
  readonly response: ServerResponse;
}

/** A request whose client reads nothing. */
async function stalledExchange(): Promise<Exchange> {
  const server = createServer();
  onTestFinished(() => void server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1").pause();
  client.on("error", () => {});
  onTestFinished(() => void client.destroy());
  client.write("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  const [, response] = (await once(server, "request")) as [unknown, ServerResponse];
  response.writeHead(200);
  return { client, response };
}

/** Messages until some of one waits in the process, though the response still takes more; then the end. */
function untilSomeWaits(response: ServerResponse, end: () => void = () => {}): Frames {
  let pieces = 0;
  return {
    next: async () => {
      await setImmediate();
      if (response.socket?.writableLength === 0 && pieces++ < MOST_PIECES) return PIECE;
      end();
      return undefined;
    },
    stop: () => {},
    keepAlive: () => ": alive\n\n",
    end: () => "the end",
  };
}

test("no sign of life follows the end of a stream that waits for its client", async () => {
  const { client, response } = await stalledExchange();
  const errors: unknown[] = [];
  response.on("error", (error) => errors.push(error));
  const times = { ...STREAM_TIMES, keepAlive: 5 };
  let hasEnded = false;
  const sending = sendStream(
    response,
    untilSomeWaits(response, () => {
      hasEnded = true;
    }),
    times,
    () => () => {},
  );
  await expect.poll(() => hasEnded, { timeout: 20_000 }).toBe(true);
  await pause(100);
  expect(errors).toEqual([]);
  let text = "";
  client.on("data", (chunk) => {
    text += chunk;
  });
  client.resume();
  expect(await sending).toMatchObject<Partial<SentStream>>({ end: "completed" });
  await expect.poll(() => text).toMatch(/the end\r\n0\r\n\r\n$/);
}, 30_000);
