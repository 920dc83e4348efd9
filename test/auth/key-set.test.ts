import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { describe, expect, onTestFinished, test } from "vitest";
import { createAuthenticator } from "../../src/auth/authenticator.js";
import type { KeySetNotice } from "../../src/auth/key-set.js";
import { keySet } from "../../src/auth/token-keys.js";
import { startFairClock } from "../fair-time.js";
import { temporaryFolder } from "../temporary-folder.js";

const NOW = Date.parse("2026-03-01T12:00:00Z") / 1_000;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const CANARY = "hunter2-canary";

interface Pair {
  readonly jwk: JWK;
  readonly token: string;
}
async function pair(kid: string): Promise<Pair> {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const token = await new SignJWT({ sub: "ada", account_id: "acme", iat: NOW, exp: NOW + 7_200 })
    .setProtectedHeader({ alg: "ES256", kid })
    .sign(privateKey);
  return { jwk: { ...(await exportJWK(publicKey)), kid, alg: "ES256" }, token };
}
const [one, two, unknown] = await Promise.all([pair("one"), pair("two"), pair("unknown")]);
const setOf = (...pairs: readonly Pair[]) => JSON.stringify({ keys: pairs.map(({ jwk }) => jwk) });

/** An authenticator whose clock only the test moves, and what the log would hear. */
function openWith(place: string) {
  const state = { now: 0 };
  const notices: KeySetNotice[] = [];
  const keys = keySet(place, { now: () => state.now, onNotice: (notice) => notices.push(notice) });
  const wallClock = () => new Date(NOW * SECOND + state.now);
  const authenticate = createAuthenticator({
    keys,
    issuer: undefined,
    audience: undefined,
    maxAge: 86_400,
    now: wallClock,
  });
  const isTaken = ({ token }: Pair) =>
    authenticate(token).then(
      () => true,
      () => false,
    );
  const pass = (milliseconds: number): void => {
    state.now += milliseconds;
  };
  return { isTaken, notices, pass };
}

describe("a key set in a file", () => {
  function open() {
    const folder = temporaryFolder();
    const place = join(folder, "jwks.json");
    writeFileSync(place, setOf(one, two));
    return { folder, place, ...openWith(place) };
  }

  const WAYS: Readonly<Record<string, (place: string, text: string) => void>> = {
    "written in place": (place, text) => writeFileSync(place, text),
    "replaced by another file": (place, text) => {
      writeFileSync(`${place}.new`, text);
      renameSync(`${place}.new`, place);
    },
    "replaced by one of the same size and time": (place, text) => {
      const { size, mtime, atime } = statSync(place);
      writeFileSync(`${place}.new`, text.padEnd(size));
      utimesSync(`${place}.new`, atime, mtime);
      renameSync(`${place}.new`, place);
    },
  };
  test.each(Object.entries(WAYS))(
    "%s: the key that it lacks is refused within a second",
    async (_, change) => {
      const { isTaken, place, pass } = open();
      expect([await isTaken(one), await isTaken(two), await isTaken(unknown)]).toEqual([true, true, false]);
      change(place, setOf(two));
      pass(SECOND);
      // It was verified a second ago: that does not outlive the key.
      expect([await isTaken(one), await isTaken(two)]).toEqual([false, true]);
      change(place, setOf(one, two, unknown));
      pass(SECOND);
      expect([await isTaken(one), await isTaken(two), await isTaken(unknown)]).toEqual([true, true, true]);
    },
  );

  test("behind a link that is turned to another folder, as Kubernetes does", async () => {
    const folder = temporaryFolder();
    for (const [name, text] of [
      ["first", setOf(one)],
      ["second", setOf(two)],
    ] as const) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, "jwks.json"), text);
    }
    symlinkSync("first", join(folder, "data"));
    symlinkSync(join("data", "jwks.json"), join(folder, "jwks.json"));
    const { isTaken, pass } = openWith(join(folder, "jwks.json"));
    expect([await isTaken(one), await isTaken(two)]).toEqual([true, false]);
    symlinkSync("second", join(folder, "data.new"));
    renameSync(join(folder, "data.new"), join(folder, "data"));
    pass(SECOND);
    expect([await isTaken(one), await isTaken(two)]).toEqual([false, true]);
  });

  test("that is broken stays in force for ten minutes, and the log says exactly that", async () => {
    const { isTaken, place, pass, notices } = open();
    expect(await isTaken(one)).toBe(true);
    writeFileSync(place, `${CANARY} {"keys": [`);
    pass(SECOND);
    expect([await isTaken(one), notices.length]).toEqual([true, 1]);
    for (let second = 31; second < 600; second += 30) {
      pass(30 * SECOND);
      expect(await isTaken(one), `after ${second} s`).toBe(true);
      const minutes = 1 + Math.floor(second / 60);
      expect(notices.length).toBe(minutes);
    }
    for (const notice of notices)
      expect(notice).toMatchObject({ kind: "unreadable", reason: expect.stringMatching(/^it is not JSON/) });
    const left = notices.map((notice) => (notice.kind === "unreadable" ? notice.secondsLeft : -1));
    expect(left).toEqual(Array.from({ length: 10 }, (_, index) => 599 - 60 * index));
    pass(28 * SECOND);
    expect(await isTaken(one)).toBe(true);
    pass(SECOND);
    expect(await isTaken(one)).toBe(false);
    pass(MINUTE);
    expect(await isTaken(one)).toBe(false);
    expect(notices.at(-1)).toMatchObject({ kind: "unreadable", secondsLeft: 0 });
    writeFileSync(place, setOf(one));
    pass(SECOND);
    expect(await isTaken(one)).toBe(true);
    expect(notices.at(-1)).toEqual({ kind: "readable" });
    expect(JSON.stringify(notices)).not.toContain("hunter2");
  });

  test.each<[string, (place: string) => void, RegExp]>([
    ["gone", (place) => unlinkSync(place), /^ENOENT: .* 'the key set'$/],
    ["empty", (place) => writeFileSync(place, ""), /empty/],
    ["cut", (place) => writeFileSync(place, setOf(one, two).slice(0, 40)), /^it is not JSON/],
    ["no key set", (place) => writeFileSync(place, `{"${CANARY}": 1}`), /no|not a JSON Web Key Set/],
    ["one word", (place) => writeFileSync(place, CANARY), /^it is not JSON/],
    ["too large", (place) => writeFileSync(place, `{"keys":[]${" ".repeat(2 ** 20)}}`), /larger than/],
    ["a pipe", (place) => replaceBy(place, () => execFileSync("mkfifo", [place])), /no file/],
    ["a device", (place) => replaceBy(place, () => symlinkSync("/dev/zero", place)), /no file/],
    ["a folder", (place) => replaceBy(place, () => mkdirSync(place)), /no file/],
  ])("%s: its keys are in force until it is mended", async (_, spoil, reason) => {
    const { isTaken, place, pass, notices } = open();
    expect(await isTaken(one)).toBe(true);
    spoil(place);
    pass(SECOND);
    expect(await isTaken(one)).toBe(true);
    expect(notices).toEqual([
      { kind: "unreadable", reason: expect.stringMatching(reason), secondsLeft: expect.any(Number) },
    ]);
    expect(JSON.stringify(notices)).not.toContain("hunter2");
    replaceBy(place, () => writeFileSync(place, setOf(two)));
    pass(SECOND);
    expect([await isTaken(one), await isTaken(two)]).toEqual([false, true]);
    expect(notices.at(-1)).toEqual({ kind: "readable" });
  });

  function replaceBy(place: string, make: () => void): void {
    rmSync(place, { recursive: true, force: true });
    make();
  }

  test("without any key refuses, and is no fault", async () => {
    const { isTaken, place, pass, notices } = open();
    writeFileSync(place, '{"keys": []}');
    pass(SECOND);
    expect([await isTaken(one), notices]).toEqual([false, []]);
  });

  test("that comes and goes all the time fills no log", async () => {
    const { isTaken, place, pass, notices } = open();
    for (let second = 0; second < 120; second++) {
      writeFileSync(place, second % 2 === 0 ? setOf(one) : "");
      pass(SECOND);
      expect(await isTaken(one)).toBe(true);
    }
    expect(notices.length).toBeLessThanOrEqual(6);
  });
});

describe("a key set at an address", () => {
  async function open(first = setOf(one, two)) {
    const state: { fetches: number; answer: (response: ServerResponse) => unknown } = {
      fetches: 0,
      answer: (response) => response.end(first),
    };
    const server = createServer((_request, response) => {
      state.fetches++;
      state.answer(response);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    const { port } = server.address() as AddressInfo;
    const says = (text: string) => {
      state.answer = (response) => response.end(text);
    };
    return { state, says, ...openWith(`http://127.0.0.1:${port}/jwks`) };
  }

  test("loses a key within a minute, also where a token was verified a moment before", async () => {
    const { isTaken, says, pass, state } = await open();
    expect(await isTaken(one)).toBe(true);
    says(setOf(two));
    pass(59 * SECOND);
    expect([await isTaken(one), state.fetches]).toEqual([true, 1]);
    pass(SECOND);
    expect([await isTaken(one), await isTaken(two), state.fetches]).toEqual([false, true, 2]);
  });

  test("is fetched once a minute while tokens come, whatever keys they name, and not when none do", async () => {
    const { isTaken, pass, state } = await open();
    for (let second = 0; second < 600; second++) {
      await Promise.all([isTaken(one), isTaken(unknown), isTaken(two)]);
      pass(SECOND);
    }
    expect(state.fetches).toBe(10);
    pass(60 * MINUTE);
    for (const token of ["", "x", "a.b", "a.b.c", `${one.token}=`, `${one.token}.x`])
      expect(await isTaken({ ...one, token })).toBe(false);
    expect(state.fetches).toBe(10);
    expect([await isTaken(one), state.fetches]).toEqual([true, 11]);
  });

  test("gets a new key within a minute", async () => {
    const { isTaken, says, pass } = await open(setOf(one));
    expect([await isTaken(one), await isTaken(two)]).toEqual([true, false]);
    says(setOf(one, two));
    pass(MINUTE);
    expect(await isTaken(two)).toBe(true);
  });

  test("that cannot be fetched stays in force for ten minutes; a token waits for one failure at most", async () => {
    const { isTaken, pass, state, says, notices } = await open();
    expect(await isTaken(one)).toBe(true);
    state.answer = (response) => void response.writeHead(503).end(CANARY);
    pass(MINUTE);
    expect(await isTaken(one)).toBe(true);
    expect(notices).toEqual([
      { kind: "unreadable", reason: "its server answers with status 503", secondsLeft: 540 },
    ]);
    // From now on nobody answers, and nobody waits.
    state.answer = () => {};
    for (let minute = 2; minute < 10; minute++) {
      pass(MINUTE);
      const elapsed = startFairClock();
      expect(await isTaken(one)).toBe(true);
      expect(elapsed()).toBeLessThan(1_000);
    }
    // Looks do not pile up behind one that is not answered.
    expect(state.fetches).toBe(3);
    says(setOf(one));
    pass(MINUTE);
    const elapsed = startFairClock();
    expect(await isTaken(one)).toBe(false);
    expect(elapsed()).toBeLessThan(8_000);
    pass(MINUTE);
    expect(await isTaken(one)).toBe(true);
    expect(notices.at(-1)).toEqual({ kind: "readable" });
  }, 30_000);

  test("that has never been fetched is tried again after five seconds", async () => {
    const { isTaken, pass, state, says, notices } = await open(CANARY);
    expect([await isTaken(one), await isTaken(one), state.fetches]).toEqual([false, false, 1]);
    says(setOf(one));
    pass(4 * SECOND);
    expect([await isTaken(one), state.fetches]).toEqual([false, 1]);
    pass(SECOND);
    expect([await isTaken(one), state.fetches]).toEqual([true, 2]);
    expect(notices.map(({ kind }) => kind)).toEqual(["unreadable", "readable"]);
    expect(JSON.stringify(notices)).not.toContain("hunter2");
  });

  test.each<[string, (response: ServerResponse) => void, RegExp]>([
    [
      "redirects",
      (response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
      /status 302/,
    ],
    ["sends too much", (response) => response.end(" ".repeat(2 ** 20 + 1)), /larger than/],
    ["sends a page", (response) => response.end(`<html>${CANARY}</html>`), /^it is not JSON/],
    ["sends another thing", (response) => response.end(JSON.stringify([CANARY])), /JSON Web Key Set/],
    ["hangs up", (response) => response.destroy(), /cannot be asked/],
  ])("whose server %s is unreadable", async (_, answer, reason) => {
    const { isTaken, state, pass, notices } = await open();
    await isTaken(one);
    state.answer = answer;
    pass(MINUTE);
    expect(await isTaken(one)).toBe(true);
    expect(notices).toEqual([expect.objectContaining({ reason: expect.stringMatching(reason) })]);
    expect(JSON.stringify(notices)).not.toContain("hunter2");
  });
});
