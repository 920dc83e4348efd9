import { join } from "node:path";
import { generateKeyPair, SignJWT } from "jose";
import { expect, onTestFinished, test } from "vitest";
import { announceEnd, closeApp } from "../../../../src/app.js";
import { writeKeys } from "../../../attack/key-file-attacks.js";
import { SECRET, TOKEN_ACCESS } from "../../../http/token-access.js";
import { temporaryFolder } from "../../../temporary-folder.js";
import { EventReader } from "./event-reader.js";
import { CHANGES, LiveApp, OF_ACME } from "./live-app.js";
import { SocketClient } from "./socket-client.js";

const MULTIPART = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json";

async function openMultipart(
  live: LiveApp,
  headers: Record<string, string> = {},
): Promise<() => Promise<string>> {
  const leaving = new AbortController();
  onTestFinished(() => leaving.abort());
  const response = await fetch(`${live.origin}/graphql`, {
    method: "POST",
    headers: { accept: MULTIPART, "content-type": "application/json", ...headers },
    body: JSON.stringify({ query: CHANGES, variables: OF_ACME }),
    signal: leaving.signal,
  });
  expect(response.headers.get("content-type")).toBe(
    `multipart/mixed;boundary="graphql";subscriptionSpec=1.0`,
  );
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  /** The next part's JSON, or the rest where there is none. */
  return async () => {
    for (;;) {
      const [before, ...after] = text.split("\r\n--graphql");
      if (after.length > 0) {
        text = after.join("\r\n--graphql");
        const json = before?.split("\r\n\r\n")[1];
        if (json !== undefined) return json;
        continue;
      }
      const { done, value } = (await reader?.read()) ?? { done: true };
      if (done) return text;
      text += value;
    }
  };
}

function token(seconds: number): Promise<string> {
  return tokenOf(new TextEncoder().encode(SECRET), { alg: "HS256" }, seconds);
}

function tokenOf(
  key: Parameters<SignJWT["sign"]>[0],
  header: { alg: string; kid?: string },
  seconds: number,
): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  return new SignJWT({ superadmin: true })
    .setProtectedHeader(header)
    .setSubject("ada")
    .setIssuedAt(now - 1)
    .setExpirationTime(now + seconds)
    .sign(key);
}

test("a multipart response carries a snapshot, a change, and signs of life", async () => {
  const live = await LiveApp.forTest({}, { keepAlive: 100 });
  const next = await openMultipart(live);
  const message = async (): Promise<unknown> => {
    for (let part = await next(); ; part = await next()) if (part !== "{}") return JSON.parse(part);
  };
  expect(await message()).toMatchObject({ payload: { data: { configChanged: { snapshot: true } } } });
  expect(await next()).toBe("{}");
  await live.write({ pin_timeout: 5_001 });
  expect(await message()).toMatchObject({
    payload: { data: { configChanged: { config: { values: { pin_timeout: 5_001 } } } } },
  });
});

test("a query that accepts multipart and JSON is answered with JSON", async () => {
  const live = await LiveApp.forTest();
  const { headers, text } = await live.app.client.send(JSON.stringify({ query: "{ __typename }" }), {
    accept: MULTIPART,
  });
  expect(headers["content-type"]).toBe("application/json; charset=utf-8");
  expect(JSON.parse(text)).toEqual({ data: { __typename: "Query" } });
});

test("streams end with UNAUTHENTICATED when their token ends", async () => {
  const live = await LiveApp.forTest({ access: TOKEN_ACCESS });
  const authorization = `Bearer ${await token(4)}`;
  const sse = await EventReader.operation(`${live.origin}/graphql`, CHANGES, OF_ACME, { authorization });
  const rest = await EventReader.open(`${live.origin}/v2/accounts/acme/configs/conferences/stream`, {
    headers: { authorization },
  });
  const next = await openMultipart(live, { authorization });
  await Promise.all([sse.next(), rest.event(), next()]);
  const refused = { errors: [{ extensions: { code: "UNAUTHENTICATED" } }] };
  expect((await sse.next()).result).toMatchObject(refused);
  expect(await sse.event()).toEqual({ event: "complete", data: "" });
  expect(await sse.event()).toBeUndefined();
  expect(JSON.parse(await next())).toMatchObject({ payload: null, ...refused });
  expect(await next()).toBe("--\r\n");
  const last = await rest.event();
  expect(last).toMatchObject({ event: "end" });
  expect(JSON.parse(last?.data ?? "")).toMatchObject({ status: "error", error: "401" });
  expect(await rest.event()).toBeUndefined();
});

test("streams end with UNAUTHENTICATED when the key of their token is taken away, and those of other keys go on", async () => {
  const [lost, kept] = await Promise.all([generateKeyPair("RS256"), generateKeyPair("RS256")]);
  const file = join(temporaryFolder(), "keys.json");
  await writeKeys(file, { lost, kept });
  const access = { ...TOKEN_ACCESS, secret: undefined, keySet: file };
  const live = await LiveApp.forTest({ access }, { recheck: 100, keepAlive: 100 });
  const open = async (kid: string, { privateKey }: typeof lost) => {
    const authorization = `Bearer ${await tokenOf(privateKey, { alg: "RS256", kid }, 600)}`;
    const url = `${live.origin}/v2/accounts/acme/configs/conferences/stream`;
    const streams = {
      sse: await EventReader.operation(`${live.origin}/graphql`, CHANGES, OF_ACME, { authorization }),
      rest: await EventReader.open(url, { headers: { authorization } }),
      socket: await SocketClient.ready(live.origin, { authorization }),
      authorization,
    };
    streams.socket.subscribe("1", CHANGES, OF_ACME);
    await Promise.all([streams.sse.next(), streams.rest.event(), streams.socket.message()]);
    return streams;
  };
  const [ended, others] = [await open("lost", lost), await open("kept", kept)];
  await writeKeys(file, { kept });
  expect((await ended.sse.next()).result).toMatchObject({
    errors: [{ extensions: { code: "UNAUTHENTICATED" } }],
  });
  expect(await ended.rest.event()).toMatchObject({ event: "end" });
  expect(await ended.socket.end()).toMatchObject({ code: 4401 });
  await live.write({ pin_timeout: 5_001 }, { authorization: others.authorization });
  expect(JSON.parse((await others.rest.event())?.data ?? "")).toMatchObject({ data: { pin_timeout: 5_001 } });
  expect((await others.sse.next()).result).toMatchObject({ data: { configChanged: { snapshot: false } } });
  expect(others.socket.closed).toBeUndefined();
});

test("streams end one after the other while the server drains, each with a hint to connect again", async () => {
  const live = await LiveApp.forTest();
  const sse = await EventReader.operation(`${live.origin}/graphql`, CHANGES, OF_ACME);
  const next = await openMultipart(live);
  const socket = await SocketClient.ready(live.origin);
  socket.subscribe("1", CHANGES, OF_ACME);
  await Promise.all([sse.next(), next(), socket.message()]);
  const startedAt = performance.now();
  const ends: number[] = [];
  const ended = (): void => void ends.push(performance.now() - startedAt);
  announceEnd(live.app.app, 2);
  await Promise.all([
    sse.block().then((block) => {
      ended();
      expect(block).toEqual({ retry: expect.stringMatching(/^\d+$/) });
    }),
    next().then((part) => {
      ended();
      expect(JSON.parse(part)).toMatchObject({
        payload: null,
        errors: [{ extensions: { code: "STORE_UNAVAILABLE", retryAfter: expect.any(Number) } }],
      });
    }),
    socket.end().then(({ code }) => {
      ended();
      expect(code).toBe(1012);
    }),
  ]);
  expect(Math.min(...ends)).toBeGreaterThan(300);
  expect(Math.max(...ends) - Math.min(...ends)).toBeGreaterThan(500);
  const late = await EventReader.operation(`${live.origin}/graphql`, CHANGES, OF_ACME);
  await late.next();
  const closing = closeApp(live.app.app, { silence: 100, rest: 1_000, all: 2_000 });
  expect(await late.block()).toEqual({ retry: expect.any(String) });
  expect(await late.block()).toBeUndefined();
  await closing;
});
