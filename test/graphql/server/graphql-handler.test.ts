import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { TestApp } from "../test-app.js";

const QUERY = `{ config(accountId: "acme", configId: "conferences") { value(at: "/pin_timeout") } }`;
const BODY = JSON.stringify({ query: QUERY });
const DATA = `{"data":{"config":{"value":3000}}}\n`;

async function open(): Promise<{ app: TestApp; port: number }> {
  const app = await TestApp.forTest();
  return { app, port: Number(new URL(await app.app.listen({ host: "127.0.0.1", port: 0 })).port) };
}

function head(headers: Record<string, string | number> = {}, body = BODY): string {
  const all = {
    host: "127.0.0.1",
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST /graphql HTTP/1.1\r\n${lines.join("")}\r\n`;
}

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
}

/** What comes until so many answers have ended, or the connection has. */
async function received(socket: Socket, answers: number): Promise<string> {
  let text = "";
  const isOver = () => text.split(DATA).length > answers;
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (isOver()) break;
  }
  return text;
}

/** One answer after the other, each in a way of its own. */
async function ask(port: number, ...requests: readonly string[]): Promise<string[]> {
  const answers: string[] = [];
  for (const request of requests) {
    const socket = await connected(port);
    socket.write(request);
    answers.push(await received(socket, 1));
    socket.destroy();
  }
  return answers;
}

const withoutDate = (answer: string) => answer.replace(/^date: .*\r\n/im, "");

test("an answer that is there already has the head and the body of the one that was made first", async () => {
  const { port } = await open();
  const request = head({ "x-request-id": "one" }) + BODY;
  const [first, ...others] = await ask(port, request, request, request, request, request);
  const linesOf = (answer = "") => withoutDate(answer).toLowerCase().split("\r\n").sort();
  expect(first).toContain("x-request-id: one");
  expect(first).toContain("x-content-type-options: nosniff");
  for (const other of others) expect(linesOf(other)).toEqual(linesOf(first));
});

test("an origin gets the headers of its own, whoever else has asked the same", async () => {
  const { port } = await open();
  const origins = ["https://app.example", "https://elsewhere.example", undefined];
  for (let times = 0; times < 4; times++)
    for (const origin of origins) {
      const [answer = ""] = await ask(port, head(origin ? { origin } : {}) + BODY);
      const allowed = /^access-control-allow-origin: (.*)$/im.exec(answer)?.[1];
      expect(allowed).toBe(origin === "https://app.example" ? origin : undefined);
    }
});

test("bodies come as they like: in pieces, byte by byte, several on one connection, or before their time", async () => {
  const { port } = await open();
  await ask(port, ...Array.from({ length: 4 }, () => head() + BODY));
  const socket = await connected(port);
  for (const piece of [head(), ...(BODY.match(/.{1,9}/g) ?? [])]) {
    socket.write(piece);
    await sleep(1);
  }
  expect(await received(socket, 1)).toContain(DATA);
  socket.write(`${head()}${BODY}${head()}${BODY}${head()}${BODY}`);
  expect((await received(socket, 3)).match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3);
  const expecting = await connected(port);
  expecting.write(head({ expect: "100-continue" }));
  await once(expecting, "data");
  expecting.write(BODY);
  expect(await received(expecting, 1)).toContain(DATA);
  const chunked = await connected(port);
  const lines = head({ "transfer-encoding": "chunked" }).replace(/content-length.*\r\n/, "");
  chunked.write(`${lines}${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`);
  expect(await received(chunked, 1)).toContain(DATA);
});

test("whatever is no plain request goes the ordinary way, where it is refused as it always was", async () => {
  const { port } = await open();
  await ask(port, ...Array.from({ length: 4 }, () => head() + BODY));
  const refused = async (request: string, status: number) => {
    const socket = await connected(port);
    socket.end(request);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk);
    expect(String(Buffer.concat(chunks))).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  };
  const close = { connection: "close" };
  await refused(head({ ...close, host: "evil.example" }) + BODY, 421);
  await refused(head({ ...close, "content-encoding": "gzip" }) + BODY, 415);
  await refused(head({ ...close, "content-type": "application/json; charset=utf-16" }) + BODY, 415);
  await refused(head({ ...close, "content-type": "text/plain" }) + BODY, 400);
  await refused(
    head({ ...close, "Content-Type": "application/json", "content-type": "application/json" }) + BODY,
    400,
  );
  await refused(`${head(close).replace("\r\n\r\n", "\r\nHost: 127.0.0.1\r\n\r\n")}${BODY}`, 400);
  await refused(head({ ...close, "x-long": "x".repeat(17 * 1024) }) + BODY, 431);
  await refused(`${head(close, "{")}{`, 400);
  await refused(`${head(close, "\xff\xff")}\xff\xff`, 400);
  const large = JSON.stringify({ query: QUERY + " ".repeat(40_000) });
  await refused(head(close, large) + large, 200);
});

test("each is in the log once, in the same words", async () => {
  const { app, port } = await open();
  const lines = () => app.log.map((line) => JSON.parse(line)).filter(({ msg }) => msg === "request");
  await ask(port, ...Array.from({ length: 4 }, (_, i) => head({ "x-request-id": `r${i}` }) + BODY));
  expect(lines().map(({ requestId }) => requestId)).toEqual(["r0", "r1", "r2", "r3"]);
  const [first, , , last] = lines();
  expect(Object.keys(last)).toEqual(Object.keys(first));
  expect(last).toMatchObject({ method: "POST", path: "/graphql", status: 200 });
  // One who goes away before the end of the body is in the log, too.
  const socket = await connected(port);
  socket.write(head({ "x-request-id": "gone" }) + BODY.slice(0, 20));
  await sleep(20);
  socket.destroy();
  await expect.poll(() => lines().at(-1)).toMatchObject({ requestId: "gone", status: 400 });
  const { body } = await app.app.inject({ url: "/metrics", headers: { host: "127.0.0.1" } });
  expect(body).toContain(
    'strata_http_request_duration_seconds_count{method="POST",route="/graphql",status="200"} 4',
  );
});
