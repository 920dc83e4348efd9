import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { originOf, spawnStrata } from "../archive/strata-process.js";
import { startFairClock } from "../fair-time.js";
import { until } from "../redis/until.js";
import { temporaryFolder } from "../temporary-folder.js";
import { get, post, RawClient, request } from "./raw-client.js";

interface Server {
  readonly child: ChildProcess;
  readonly port: number;
  /** Its exit code and the lines of its log, once it has ended. */
  readonly ended: Promise<{ code: number | null; lines: { level: number; msg: string }[] }>;
}

async function start(settings: Readonly<Record<string, string>> = {}): Promise<Server> {
  const store = { STRATA_STORE: `lmdb:${join(temporaryFolder(), "data")}` };
  const { child, ended } = spawnStrata([], { ...store, ...settings });
  const { port } = new URL(await originOf(child));
  return {
    child,
    port: Number(port),
    ended: ended.then(({ code, output }) => ({
      code,
      lines: output
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    })),
  };
}

const CONFERENCES = "/v2/accounts/acme/configs/conferences";
const READ = '{ config(accountId: "acme", configId: "conferences") { values } }';
const APOLLO = { "x-apollo-operation-name": "q" };
let made = 0;
/** What a client asks again and again; each is another way through the server. */
const WAYS: Readonly<Record<string, () => string>> = {
  "GraphQL that is answered before fastify": () => post("/graphql", { query: READ }),
  "GraphQL that is new each time": () => post("/graphql", { query: `{ a${made++}: ${READ.slice(2)}` }),
  "GraphQL by GET": () => get(`/graphql?query=${encodeURIComponent(READ)}`, APOLLO),
  "a GraphQL write": () =>
    post("/graphql", {
      query: `mutation { patchConfig(input: { accountId: "acme", configId: "conferences", patch: { pin_timeout: ${made++} } }) { __typename } }`,
    }),
  "a REST read": () => get(CONFERENCES),
  "a REST write": () => request("PATCH", CONFERENCES, JSON.stringify({ data: { number_timeout: made++ } })),
  "what is nowhere": () => get("/v2/nothing"),
  health: () => get("/health/live"),
};

/** What every answer is, whatever becomes of the server: in the shape of its face, and true. */
function expectSound(way: string, answer: { status: number; body: string }): void {
  const body = JSON.parse(answer.body);
  expect([200, 404, 503]).toContain(answer.status);
  if (/REST|nowhere/.test(way))
    expect(body).toMatchObject({ data: expect.any(Object), status: expect.any(String) });
  else if (answer.status === 200 && /GraphQL/.test(way)) {
    expect(body).toHaveProperty("data");
    expect(body).not.toHaveProperty("errors");
  }
}

/** Sends requests one after another, or so many at once, until the server closes the connection. */
async function hammer(server: Server, way: string, atOnce: number): Promise<number> {
  const client = new RawClient(server.port);
  const next = WAYS[way] ?? (() => "");
  for (let answered = 0; ; ) {
    client.write(Array.from({ length: atOnce }, next).join(""));
    for (let one = 1; one <= atOnce; one++) {
      const answer = await client.answer();
      expect([way, atOnce, one, client.error, answer === undefined]).toEqual([
        way,
        atOnce,
        one,
        undefined,
        false,
      ]);
      if (answer === undefined) return answered;
      expectSound(way, answer);
      answered++;
      const closes = answer.headers.connection === "close";
      // Whoever is told that the connection closes expects nothing more of it.
      if (closes) expect([way, one]).toEqual([way, atOnce]);
      if (closes) {
        expect(await client.answer()).toBeUndefined();
        expect([way, client.error]).toEqual([way, undefined]);
        return answered;
      }
    }
  }
}

/** Sends requests, on a new connection whenever the server closes one, until there is no server: how that showed. */
async function comeBack({ port }: Server, way: string): Promise<string | undefined> {
  for (let client = new RawClient(port); ; ) {
    client.write(WAYS[way]?.() ?? "");
    const answer = await client.answer();
    if (answer === undefined) return (client.error as NodeJS.ErrnoException | undefined)?.code;
    if (answer.headers.connection === "close") client = new RawClient(port);
  }
}

/** What a connection of its own, or an open one, is answered. */
async function ask(server: Server, text: string, client = new RawClient(server.port)) {
  client.write(text);
  const answer = await client.answer();
  if (answer === undefined) throw new Error(`no answer: ${client.error}`);
  return answer;
}

describe("STRATA_DRAIN_DELAY", () => {
  const READY = get("/health/ready");

  test("keeps taking requests, on old and new connections, while nobody is ready; then each connection is closed", async () => {
    const server = await start({ STRATA_DRAIN_DELAY: "3600" });
    const open = new RawClient(server.port);
    expect((await ask(server, READY, open)).status).toBe(200);
    server.child.kill("SIGTERM");
    await until("nobody is ready", async () => (await ask(server, READY, open)).status === 503);
    expect(JSON.parse((await ask(server, READY, open)).body)).toEqual({
      status: "not ready",
      reads: "answered",
      writes: "accepted",
      reason: "The server is being stopped.",
    });
    for (const way of Object.keys(WAYS)) {
      for (const client of [open, new RawClient(server.port)]) {
        const answer = await ask(server, WAYS[way]?.() ?? "", client);
        expectSound(way, answer);
        expect([way, answer.headers.connection]).not.toEqual([way, "close"]);
      }
    }
    server.child.kill("SIGTERM");
    await until("the last answer says so", async () => {
      const answer = await ask(server, get(CONFERENCES), open);
      return answer.headers.connection === "close";
    });
    expect((await server.ended).code).toBe(0);
  });

  test("ends by itself", async () => {
    const server = await start({ STRATA_DRAIN_DELAY: "1" });
    const told = performance.now();
    server.child.kill("SIGTERM");
    expect((await server.ended).code).toBe(0);
    expect(performance.now() - told).toBeGreaterThan(1_000);
  });

  test("is cut short by a second signal, and the rest is as without it", async () => {
    const server = await start({ STRATA_DRAIN_DELAY: "3600" });
    const open = new RawClient(server.port);
    await ask(server, READY, open);
    server.child.kill("SIGTERM");
    await until("nobody is ready", async () => (await ask(server, READY, open)).status === 503);
    server.child.kill("SIGTERM");
    const elapsed = startFairClock();
    const { code, lines } = await server.ended;
    expect([code, lines.at(-1)?.msg]).toEqual([0, "closed"]);
    expect(elapsed()).toBeLessThan(10_000);
  });
});

describe("SIGTERM", () => {
  test("under load: every request that was sent is answered, and none is told as an error", async () => {
    const server = await start();
    const clients = Object.keys(WAYS).flatMap((way) => [hammer(server, way, 1), hammer(server, way, 5)]);
    await pause(1_000);
    server.child.kill("SIGTERM");
    const answered = await Promise.all(clients);
    for (const count of answered) expect(count).toBeGreaterThan(0);
    const { code, lines } = await server.ended;
    expect(code).toBe(0);
    expect(lines.filter(({ level }) => level >= 40).map(({ msg }) => msg)).toEqual([
      "no tokens are asked for: everybody who reaches this address may do everything",
    ]);
  });

  test("with clients that connect anew at once: those are refused, and none is cut off", async () => {
    const server = await start();
    const ways = Object.keys(WAYS).flatMap((way) => Array<string>(5).fill(way));
    const clients = ways.map((way) => comeBack(server, way));
    await pause(500);
    server.child.kill("SIGTERM");
    expect(new Set(await Promise.all(clients))).toEqual(new Set(["ECONNREFUSED"]));
    expect((await server.ended).code).toBe(0);
  });

  test("with connections of all ages: what was sent before it, or comes at the same time, is answered", async () => {
    const server = await start();
    const connect = (age: string) =>
      Object.keys(WAYS).map((way) => ({ way, age, client: new RawClient(server.port) }));
    const [asked, idle] = [connect("open"), connect("used")];
    for (const { way, client } of idle) {
      client.write(WAYS[way]?.() ?? "");
      expect((await client.answer())?.headers.connection).not.toBe("close");
    }
    const silent = new RawClient(server.port);
    await pause(100);
    const fresh = connect("new");
    for (const { way, client } of [...asked, ...fresh]) client.write(WAYS[way]?.() ?? "");
    server.child.kill("SIGTERM");
    for (const { way, client } of idle) client.write(WAYS[way]?.() ?? "");
    for (const { way, age, client } of [...asked, ...fresh, ...idle]) {
      const answer = await client.answer();
      expect([way, age, client.error, answer === undefined]).toEqual([way, age, undefined, false]);
      if (answer !== undefined) expectSound(way, answer);
      // Without it, the answer was made before the signal came.
      expect(await client.answer()).toBeUndefined();
      expect([way, age, client.error]).toEqual([way, age, undefined]);
    }
    expect(await silent.answer()).toBeUndefined();
    expect(silent.error).toBeUndefined();
    expect((await server.ended).code).toBe(0);
  });

  test("with halves of requests: the other halves are waited for", async () => {
    const server = await start();
    const ways = Object.keys(WAYS).map((way) => {
      const text = WAYS[way]?.() ?? "";
      const client = new RawClient(server.port);
      return { way, client, text };
    });
    // In the head, in the body, and of two requests at once in the second one.
    const cuts = [20, -3].flatMap((cut) =>
      ways.map((each) => ({ ...each, client: new RawClient(server.port), cut })),
    );
    for (const { client, text, cut } of cuts) client.write(text.slice(0, cut));
    for (const { client, text } of ways) client.write(text + text.slice(0, -3));
    await pause(200);
    server.child.kill("SIGTERM");
    await pause(1_500);
    for (const { way, client, text, cut } of cuts) {
      client.write(text.slice(cut));
      const answer = await client.answer();
      expect([way, cut, client.error, answer?.headers.connection]).toEqual([way, cut, undefined, "close"]);
      if (answer !== undefined) expectSound(way, answer);
    }
    for (const { way, client, text } of ways) {
      client.write(text.slice(-3));
      for (const place of ["first", "second"]) {
        const answer = await client.answer();
        expect([way, place, client.error, answer === undefined]).toEqual([way, place, undefined, false]);
        if (answer === undefined) break;
        expectSound(way, answer);
        if (place === "second") expect(answer.headers.connection).toBe("close");
        // Had the signal come before the first answer, and the second head not been whole, this would have been the last.
        if (answer.headers.connection === "close") break;
      }
    }
    const { code, lines } = await server.ended;
    expect([code, lines.filter(({ level }) => level >= 50)]).toEqual([0, []]);
  });

  test("with halves whose rest never comes: they are refused in time, each face in its own words", async () => {
    const server = await start();
    const bodies = {
      "/graphql": WAYS["GraphQL that is answered before fastify"],
      [CONFERENCES]: WAYS["a REST write"],
    };
    const clients = Object.entries(bodies).map(([path, way]) => {
      const client = new RawClient(server.port);
      client.write((way?.() ?? "").slice(0, -3));
      return { path, client };
    });
    const chunked = new RawClient(server.port);
    const head = "POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n";
    chunked.write(`${head}Transfer-Encoding: chunked\r\n\r\n5\r\n{"que\r\n`);
    clients.push({ path: "/graphql", client: chunked });
    await pause(200);
    const elapsed = startFairClock();
    server.child.kill("SIGTERM");
    for (const { path, client } of clients) {
      const answer = await client.answer();
      expect([path, answer?.status, answer?.headers.connection]).toEqual([path, 503, "close"]);
      const body = JSON.parse(answer?.body ?? "");
      if (path === "/graphql") expect(body.errors[0].extensions.code).toBe("STORE_UNAVAILABLE");
      else expect(body).toMatchObject({ status: "error", error: "503" });
      expect(client.error).toBeUndefined();
    }
    const { code, lines } = await server.ended;
    expect([code, lines.filter(({ level }) => level >= 50)]).toEqual([0, []]);
    expect(elapsed()).toBeLessThan(10_000);
  });
});
