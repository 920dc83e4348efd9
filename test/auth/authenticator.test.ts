import { once } from "node:events";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { exportJWK, type GenerateKeyPairResult, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { describe, expect, onTestFinished, test } from "vitest";
import { type AuthenticatorOptions, createAuthenticator } from "../../src/auth/authenticator.js";
import type { KeySetNotice } from "../../src/auth/key-set.js";
import { keySet, sharedSecret } from "../../src/auth/token-keys.js";

const SECRET = "a secret of at least 32 bytes, or so";
const NOW = Date.parse("2026-03-01T12:00:00Z") / 1_000;
const DAY = 24 * 3_600;

const options: AuthenticatorOptions = {
  keys: sharedSecret(SECRET),
  issuer: undefined,
  audience: undefined,
  maxAge: DAY,
  now: () => new Date(NOW * 1_000),
};
const authenticate = (token: string, given: Partial<AuthenticatorOptions> = {}) =>
  createAuthenticator({ ...options, ...given })(token);

const CLAIMS = { sub: "ada", account_id: "acme", iat: NOW - 10, exp: NOW + 3_600 };

function sign(claims: JWTPayload, header: Record<string, unknown> = {}, secret = SECRET): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256", ...header })
    .sign(new TextEncoder().encode(secret));
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
/** What finds a key, for keys that are no bytes. */
const publicKeyOf = (key: GenerateKeyPairResult["publicKey"] | Uint8Array) =>
  key instanceof Uint8Array ? key : async () => key;
const refused = { name: "StrataError", code: "UNAUTHENTICATED" };

describe("a token that was good a moment ago", () => {
  /** A clock to set, and how often the key was asked for: once for each signature that is checked. */
  function counted() {
    const state = { seconds: NOW, checks: 0 };
    const key = async () => {
      state.checks++;
      return new TextEncoder().encode(SECRET);
    };
    const keys = { algorithms: ["HS256"], current: async () => key };
    return {
      state,
      ask: createAuthenticator({ ...options, keys, now: () => new Date(state.seconds * 1_000) }),
    };
  }

  test("is not checked again within a minute, and stands for the same caller", async () => {
    const { state, ask } = counted();
    const token = await sign(CLAIMS);
    const first = await ask(token);
    state.seconds += 59;
    expect(await ask(token)).toEqual(first);
    expect(state.checks).toBe(1);
    state.seconds += 1;
    expect(await ask(token)).toEqual(first);
    expect(state.checks).toBe(2);
  });

  test.each([4, 5, 6])("ends when it would have ended: %i seconds after its time", async (late) => {
    const { state, ask } = counted();
    const token = await sign({ ...CLAIMS, exp: NOW + 20 });
    await ask(token);
    state.seconds = NOW + 20 + late;
    const fresh = counted();
    fresh.state.seconds = state.seconds;
    const settled = async (asked: typeof ask) => (await Promise.allSettled([asked(token)]))[0]?.status;
    expect(await settled(ask)).toBe(await settled(fresh.ask));
    expect(await settled(ask)).toBe(late < 5 ? "fulfilled" : "rejected");
  });

  test("vouches for no other: not one letter of it may change, and what was refused is checked again", async () => {
    const { state, ask } = counted();
    const token = await sign(CLAIMS);
    await ask(token);
    const last = token.at(-1) === "A" ? "B" : "A";
    const forged = `${token.slice(0, 12)}${token[12] === "A" ? "B" : "A"}${token.slice(13)}`;
    for (const other of [
      token.slice(0, -2) + last + token.at(-1),
      forged,
      `${token}A`,
      ` ${token}`,
      token.toUpperCase(),
    ])
      for (let times = 0; times < 2; times++) await expect(ask(other)).rejects.toMatchObject(refused);
    expect(state.checks).toBeGreaterThan(2);
  });
});

describe("a token", () => {
  test("says who calls, for which account, and what for", async () => {
    expect(await authenticate(await sign(CLAIMS))).toEqual({
      subject: "ada",
      accountId: "acme",
      isSuperadmin: false,
      scopes: new Set(["config:read", "config:write"]),
      issuedAt: NOW - 10,
      expiresAt: CLAIMS.exp,
    });
    const narrow = await authenticate(await sign({ ...CLAIMS, scope: "openid config:read" }));
    expect(narrow.scopes).toEqual(new Set(["config:read"]));
    expect((await authenticate(await sign({ ...CLAIMS, scope: "" }))).scopes.size).toBe(0);
    const { account_id, ...operator } = { ...CLAIMS, superadmin: true };
    expect(await authenticate(await sign(operator))).toMatchObject({
      isSuperadmin: true,
      accountId: undefined,
    });
  });

  test.each([{}, { typ: "JWT" }, { typ: "jwt" }, { typ: "at+jwt" }, { kid: "../../etc/passwd" }])(
    "may have the header %j",
    async (header) => {
      expect(await authenticate(await sign(CLAIMS, header))).toMatchObject({ subject: "ada" });
    },
  );

  const { sub, account_id, iat, exp } = CLAIMS;
  test.each<[string, JWTPayload]>([
    ["no subject", { account_id, iat, exp }],
    ["an empty subject", { ...CLAIMS, sub: "" }],
    ["a line break in the subject", { ...CLAIMS, sub: "a\nb" }],
    ["a very long subject", { ...CLAIMS, sub: "x".repeat(257) }],
    ["no account", { sub, iat, exp }],
    ["an account that is no id", { ...CLAIMS, account_id: "../acme" }],
    ["an account that is a list", { ...CLAIMS, account_id: ["acme"] }],
    ["an account that is a number", { ...CLAIMS, account_id: 7 }],
    ["a superadmin in words", { ...CLAIMS, superadmin: "true" }],
    ["a superadmin that is 1", { ...CLAIMS, superadmin: 1 }],
    ["a scope that is a list", { ...CLAIMS, scope: ["config:read"] }],
    ["no end", { sub, account_id, iat }],
    ["no beginning", { sub, account_id, exp }],
    ["an end in the past", { ...CLAIMS, exp: NOW - 6 }],
    ["an end too far away", { ...CLAIMS, exp: iat + DAY + 1 }],
    ["a beginning in the future", { ...CLAIMS, iat: NOW + 60 }],
    ["not valid yet", { ...CLAIMS, nbf: NOW + 60 }],
  ])("with %s is refused", async (_, claims) => {
    await expect(authenticate(await sign(claims))).rejects.toMatchObject(refused);
  });

  test.each<[string, Record<string, unknown>]>([
    ["another type", { typ: "JOSE" }],
    ["an extension that must be understood", { crit: ["exp"], exp: 1 }],
  ])("with %s in its header is refused", async (_, header) => {
    const token = `${encode({ alg: "HS256", ...header })}.${encode(CLAIMS)}`;
    const { createHmac } = await import("node:crypto");
    const signature = createHmac("sha256", SECRET).update(token).digest("base64url");
    await expect(authenticate(`${token}.${signature}`)).rejects.toMatchObject(refused);
  });

  test.each(["none", "NoNe", "HS384", "RS256", "PS256", ""])("signed with %j is refused", async (alg) => {
    const [, payload, signature] = (await sign(CLAIMS)).split(".");
    await expect(authenticate(`${encode({ alg })}.${payload}.${signature}`)).rejects.toMatchObject(refused);
    await expect(authenticate(`${encode({ alg })}.${payload}.`)).rejects.toMatchObject(refused);
  });

  test.each(["HS256", "RS256", "ES256", "EdDSA"])(
    "has one text: bits that stand for nothing are zero (%s)",
    async (alg) => {
      const { publicKey, privateKey } =
        alg === "HS256"
          ? { publicKey: new TextEncoder().encode(SECRET), privateKey: new TextEncoder().encode(SECRET) }
          : await generateKeyPair(alg, { extractable: true });
      const keys = { algorithms: [alg], current: async () => publicKeyOf(publicKey) };
      const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
      let [twins, good] = [0, 0];
      // Claims of three lengths, so that each part ends in each way that there is.
      for (const sub of ["a", "ab", "abc"]) {
        const token = await new SignJWT({ ...CLAIMS, sub })
          .setProtectedHeader({ alg, kid: sub })
          .sign(privateKey);
        expect(await authenticate(token, { keys })).toMatchObject({ subject: sub });
        good++;
        const parts = token.split(".");
        for (const [index, part] of parts.entries()) {
          const bytes = Buffer.from(part, "base64url");
          for (const letter of letters) {
            const twin = part.slice(0, -1) + letter;
            if (twin === part || !Buffer.from(twin, "base64url").equals(bytes)) continue;
            twins++;
            const text = parts.with(index, twin).join(".");
            await expect(authenticate(text, { keys })).rejects.toMatchObject(refused);
          }
        }
      }
      expect(twins).toBeGreaterThan(good * 3);
    },
  );

  test("that is no token is refused, and what it was is not told", async () => {
    const good = await sign(CLAIMS);
    const bad = ["", "x", "a.b", "a.b.c", `${good}.x`, `${good} `, ` ${good}`, good.slice(0, -2), `${good}A`];
    for (const token of [...bad, await sign(CLAIMS, {}, "another secret, also of 32 bytes or so")]) {
      const error = await authenticate(token).catch((thrown: unknown) => thrown as Error);
      expect(error).toMatchObject({ ...refused, message: "There is no valid token with this request." });
    }
  });

  test("has to come from the issuer and be meant for the audience, where they are set", async () => {
    const given = { issuer: "https://id.example", audience: "strata" };
    const claims = { ...CLAIMS, iss: "https://id.example", aud: ["other", "strata"] };
    expect(await authenticate(await sign(claims), given)).toMatchObject({ subject: "ada" });
    for (const wrong of [
      CLAIMS,
      { ...claims, iss: "https://id.example.evil" },
      { ...claims, aud: "stratax" },
    ])
      await expect(authenticate(await sign(wrong), given)).rejects.toMatchObject(refused);
  });
});

describe("a key set", () => {
  async function pair(kid: string, alg = "ES256") {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    const token = (claims: JWTPayload = CLAIMS) =>
      new SignJWT(claims).setProtectedHeader({ alg, kid }).sign(privateKey);
    return { jwk: { ...(await exportJWK(publicKey)), kid, alg }, token };
  }

  function file(keys: readonly unknown[]): { place: string; write(keys: readonly unknown[]): void } {
    const folder = mkdtempSync(join(tmpdir(), "strata-keys-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const place = join(folder, "jwks.json");
    let writes = 0;
    const write = (next: readonly unknown[]) => {
      writeFileSync(place, JSON.stringify({ keys: next }));
      utimesSync(place, 1_000 + ++writes, 1_000 + writes);
    };
    write(keys);
    return { place, write };
  }

  test.each(["RS256", "ES256", "EdDSA"])("checks %s", async (alg) => {
    const { jwk, token } = await pair("one", alg);
    const keys = keySet(file([jwk]).place);
    expect(await authenticate(await token(), { keys })).toMatchObject({ subject: "ada" });
    const other = await pair("one", alg);
    await expect(authenticate(await other.token(), { keys })).rejects.toMatchObject(refused);
  });

  test("does not take its public key for a secret", async () => {
    const { jwk } = await pair("one", "RS256");
    const keys = keySet(file([jwk]).place);
    for (const secret of [JSON.stringify(jwk), jwk.n ?? ""])
      await expect(authenticate(await sign(CLAIMS, { kid: "one" }, secret), { keys })).rejects.toMatchObject(
        refused,
      );
  });

  test("is fetched once for a flood of tokens with unknown keys, whatever place they name themselves", async () => {
    const { jwk, token } = await pair("one");
    let fetched = 0;
    const server = createServer((_request, response) => {
      fetched++;
      response.setHeader("content-type", "application/json").end(JSON.stringify({ keys: [jwk] }));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
    const authenticateOne = createAuthenticator({ ...options, keys: keySet(url) });
    expect(await authenticateOne(await token())).toMatchObject({ subject: "ada" });
    const stranger = await generateKeyPair("ES256");
    for (let n = 0; n < 30; n++) {
      const header = {
        alg: "ES256",
        kid: `unknown-${n}`,
        jku: `${url}?from-token`,
        x5u: `${url}?from-token`,
      };
      const forged = await new SignJWT(CLAIMS).setProtectedHeader(header).sign(stranger.privateKey);
      await expect(authenticateOne(forged)).rejects.toMatchObject(refused);
    }
    expect(fetched).toBe(1);
  });

  test("that cannot be fetched is not asked for again at once", async () => {
    let fetched = 0;
    const server = createServer((_request, response) => {
      fetched++;
      response.writeHead(500).end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const keys = keySet(`http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`);
    const { token } = await pair("one");
    const authenticateOne = createAuthenticator({ ...options, keys });
    for (let n = 0; n < 10; n++) await expect(authenticateOne(await token())).rejects.toMatchObject(refused);
    expect(fetched).toBe(1);
  });

  test.each([
    ["a file that is not there", "/nowhere/jwks.json", /ENOENT/],
    ["a file that is no key set", fileURLToPath(import.meta.url), /JSON/],
    ["nobody at its address", "http://127.0.0.1:1/jwks", /bad port|ECONNREFUSED/],
    ["a password in its address", "http://user:s3cret@127.0.0.1:1/jwks", /the key set/],
  ])("says at once that it cannot be read, and once: %s", async (_, place, reason) => {
    const told: string[] = [];
    const onNotice = (notice: KeySetNotice) => told.push(JSON.stringify(notice));
    const keys = keySet(place, { onNotice });
    await expect.poll(() => told).toEqual([expect.stringMatching(reason)]);
    const authenticateOne = createAuthenticator({ ...options, keys });
    const { token } = await pair("one");
    for (let n = 0; n < 3; n++) await expect(authenticateOne(await token())).rejects.toMatchObject(refused);
    expect(told).toHaveLength(1);
    expect(told.join()).not.toContain("s3cret");
  });

  test("says nothing of one that lacks a token's key", async () => {
    const told: string[] = [];
    const { jwk } = await pair("one");
    const { token } = await pair("another");
    const keys = keySet(file([jwk]).place, { onNotice: ({ kind }) => told.push(kind) });
    await expect(authenticate(await token(), { keys })).rejects.toMatchObject(refused);
    expect(told).toEqual([]);
  });

  test("in a file that is gone refuses", async () => {
    const { token } = await pair("one");
    await expect(authenticate(await token(), { keys: keySet("/nowhere/jwks.json") })).rejects.toMatchObject(
      refused,
    );
  });
});
