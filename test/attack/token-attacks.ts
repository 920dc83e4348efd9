import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { type JWTPayload, SignJWT } from "jose";
import { type Attack, type Expected, times } from "./attack.js";
import type { AttackedServer } from "./attacked-server.js";
import { CANARIES, plantToken } from "./canaries.js";
import { bearer, now, token } from "./credentials.js";
import type { Answer } from "./exchange.js";

export type Claims = Readonly<Record<string, unknown>>;

/** Asked for by the server, so that what is refused of any other token is not for want of them. */
export const NAMED = { iss: "https://issuer.example", aud: "strata" };

/** What a valid token says. */
export const claims = (): Claims => ({
  ...NAMED,
  sub: "ada",
  account_id: "acme",
  iat: now(),
  exp: now() + 600,
});
const without = (...names: string[]): Claims =>
  Object.fromEntries(Object.entries(claims()).filter(([name]) => !names.includes(name)));

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Signed by hand: libraries refuse to make most of these. */
export function handmade(
  header: Claims,
  payload: unknown,
  secret: string | Buffer = CANARIES.jwtSecret,
): string {
  const signed = `${encode({ alg: "HS256", ...header })}.${encode(payload)}`;
  return plantToken(`${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`);
}

const PATH = "/v2/accounts/acme/configs/open";
const BODY = '{"query":"{ viewer { subject } }"}';
const JSON_TYPE = { "Content-Type": "application/json" };

/** The same headers at both faces; GraphQL's answer. */
export async function atBothFaces(
  server: AttackedServer,
  headers: Readonly<Record<string, string>>,
  status: number,
): Promise<Answer> {
  const rest = await server.ask({ path: PATH, headers });
  assert.equal(rest.status, status, rest.text);
  return server.ask({ method: "POST", path: "/graphql", headers: { ...JSON_TYPE, ...headers }, body: BODY });
}

const REFUSED: Expected = {
  status: 401,
  code: "UNAUTHENTICATED",
  // It never says why.
  also: ({ text }) =>
    assert.equal(
      (JSON.parse(text) as { errors: { message: string }[] }).errors[0]?.message,
      "There is no valid token with this request.",
    ),
};
const VIEWER: Expected = {
  status: 200,
  also: ({ text }) => assert.equal(text.trim(), '{"data":{"viewer":{"subject":"ada"}}}'),
};

export function refused(name: string, make: () => string | Promise<string>): Attack {
  return { name, send: async (server) => atBothFaces(server, bearer(await make()), 401), expected: REFUSED };
}

export function taken(name: string, headers: () => Promise<Record<string, string>>): Attack {
  return { name, send: async (server) => atBothFaces(server, await headers(), 200), expected: VIEWER };
}

const ALGORITHMS: readonly Attack[] = [
  "none",
  "NoNe",
  "NONE",
  "",
  "HS384",
  "HS512",
  "RS256",
  "ES256",
  "EdDSA",
  "PS256",
  "dir",
  "hs256",
  "HS256 ",
].flatMap((alg) => [
  refused(`alg ${JSON.stringify(alg)}, signed`, () => handmade({ alg }, claims())),
  refused(`alg ${JSON.stringify(alg)}, unsigned`, () => `${encode({ alg })}.${encode(claims())}.`),
]);

const WELL_SIGNED: readonly Attack[] = ["HS384", "HS512"].map((alg) =>
  refused(`alg ${alg}, signed as it says`, () => token(claims(), { alg })),
);

const CLAIMS: readonly (readonly [string, () => unknown])[] = [
  ["no exp", () => without("exp")],
  ["no iat", () => without("iat")],
  ["no sub", () => without("sub")],
  ["no account", () => without("account_id")],
  ["a far exp", () => ({ ...claims(), exp: now() + 10 * 365 * 86_400 })],
  ["an exp of 2^53", () => ({ ...claims(), exp: 2 ** 53 })],
  ["an exp that is past", () => ({ ...claims(), iat: now() - 100, exp: now() - 60 })],
  ["an exp in words", () => ({ ...claims(), exp: String(now() + 60) })],
  ["an exp with a fraction", () => ({ ...claims(), exp: now() + 60.5 })],
  ["nbf in the future", () => ({ ...claims(), nbf: now() + 60 })],
  ["iat in the future", () => ({ ...claims(), iat: now() + 60, exp: now() + 120 })],
  ["no issuer", () => without("iss")],
  ["no audience", () => without("aud")],
  ["another issuer", () => ({ ...claims(), iss: "https://evil.example" })],
  ["issuers in a list", () => ({ ...claims(), iss: ["https://issuer.example"] })],
  ["another audience", () => ({ ...claims(), aud: "others" })],
  ["audiences of others", () => ({ ...claims(), aud: ["others", "strata2"] })],
  ["an account that is a number", () => ({ ...claims(), account_id: 7 })],
  ["an account that is a list", () => ({ ...claims(), account_id: ["acme", "summit"] })],
  ["an account that is an object", () => ({ ...claims(), account_id: { id: "acme" } })],
  ["an account with a blank", () => ({ ...claims(), account_id: "acme " })],
  ["the system as an account", () => ({ ...claims(), account_id: "system" })],
  ["a superadmin in words", () => ({ ...claims(), superadmin: "true" })],
  ["a superadmin that is 1", () => ({ ...claims(), superadmin: 1 })],
  ["a superadmin that is null", () => ({ ...claims(), superadmin: null })],
  ["a scope that is a list", () => ({ ...claims(), scope: ["config:read", "config:write"] })],
  ["a scope that is null", () => ({ ...claims(), scope: null })],
  ["a subject that is a number", () => ({ ...claims(), sub: 1 })],
  ["a subject of two lines", () => ({ ...claims(), sub: "a\r\nlevel:60" })],
  ["a subject of 10 KiB", () => ({ ...claims(), sub: "x".repeat(10_000) })],
  ["an 8-bit code in the subject", () => ({ ...claims(), sub: "a\u009b31m" })],
  ["claims that are a list", () => [claims()]],
  ["claims that are text", () => "acme"],
  ["claims that are null", () => null],
];

const HEADERS: readonly (readonly [string, Claims])[] = [
  ["typ JOSE", { typ: "JOSE" }],
  ["typ that is a number", { typ: 1 }],
  ["typ of an id token", { typ: "id+jwt" }],
  ["crit", { crit: ["exp"], exp: 1 }],
  ["crit that is empty", { crit: [] }],
  ["crit b64", { crit: ["b64"], b64: false }],
  ["a content type that is encrypted", { enc: "A256GCM", alg: "dir" }],
];

const SHAPES: readonly (readonly [string, () => string | Promise<string>])[] = [
  ["one part", () => "token"],
  ["two parts", () => `${encode({ alg: "HS256" })}.${encode(claims())}`],
  ["five parts", async () => `${await token(claims())}.x.y`],
  ["no parts", () => ".."],
  ["a blank within", async () => (await token(claims())).replace(".", ". ")],
  ["a letter more", async () => `${await token(claims())}A`],
  ["a letter less", async () => (await token(claims())).slice(0, -2)],
  [
    "stray bits in its last letter, which stand for nothing",
    async () => {
      const text = await token(claims());
      // 32 bytes are 43 letters: the last of them has two bits too many.
      const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
      return text.slice(0, -1) + letters[letters.indexOf(text.at(-1) ?? "") + 1];
    },
  ],
  ["padding", async () => `${await token(claims())}=`],
  ["another secret", () => token(claims(), {}, "another secret, of as many bytes or more")],
  ["an empty secret", () => handmade({}, claims(), "")],
  ["a header that is no JSON", () => `${Buffer.from("{").toString("base64url")}.${encode(claims())}.x`],
  [
    "a header 3,000 deep",
    () => `${Buffer.from("[".repeat(3_000)).toString("base64url")}.${encode(claims())}.x`,
  ],
  ["10 KiB of dots", () => ".".repeat(10_000)],
  [
    "claims of somebody else under a signature",
    async () => {
      const [head, , signature] = (await token(claims())).split(".");
      return `${head}.${encode({ ...claims(), superadmin: true })}.${signature}`;
    },
  ],
];

const KEY_IDS = [
  "../../etc/passwd",
  "' OR 1=1 --",
  "http://127.0.0.1:1/keys",
  "k".repeat(8_000),
  "\u0000",
  "__proto__",
];

const COMING: readonly Attack[] = [
  taken("a token as it should be, in Authorization", async () => bearer(await token(claims()))),
  taken("a token as it should be, in X-Auth-Token", async () => ({ "X-Auth-Token": await token(claims()) })),
  taken("a trailing blank, which is not of the header", async () => bearer(`${await token(claims())} `)),
  ...KEY_IDS.map((kid) =>
    taken(`the key id ${JSON.stringify(kid.slice(0, 20))}, which a secret has no use for`, async () =>
      bearer(await token(claims(), { kid })),
    ),
  ),
  {
    name: "1 MiB of token",
    send: (server) =>
      server.ask({
        method: "POST",
        path: "/graphql",
        headers: { ...JSON_TYPE, ...bearer(`a.${"b".repeat(2 ** 20)}.c`) },
        body: BODY,
      }),
    expected: { status: 431, limit: "headers" },
  },
  {
    name: "15 KiB of token",
    send: (server) => atBothFaces(server, bearer(`a.${"b".repeat(15_000)}.c`), 401),
    expected: REFUSED,
  },
  {
    name: "two headers that differ",
    send: async (server) =>
      atBothFaces(
        server,
        { ...bearer(await token(claims())), "X-Auth-Token": await token({ ...claims(), sub: "bob" }) },
        401,
      ),
    expected: REFUSED,
  },
  {
    name: "a token in the query string",
    send: async (server) => {
      const text = await token(claims());
      const query = `auth_token=${text}&access_token=${text}&token=${text}`;
      const rest = await server.ask({ path: `${PATH}?${query}` });
      assert.equal(rest.status, 401);
      return server.ask({ method: "POST", path: `/graphql?${query}`, headers: JSON_TYPE, body: BODY });
    },
    expected: REFUSED,
  },
  {
    name: "a token in a cookie",
    send: async (server) => atBothFaces(server, { Cookie: `token=${await token(claims())}` }, 401),
    expected: REFUSED,
  },
  {
    name: "a token in the body",
    send: async (server) =>
      server.ask({
        method: "POST",
        path: "/graphql",
        headers: JSON_TYPE,
        body: JSON.stringify({
          query: "{ viewer { subject } }",
          extensions: { authorization: await token(claims()) },
        }),
      }),
    expected: REFUSED,
  },
  ...["Basic", "Token", "bearer:", "Bearer,"].map((scheme) => ({
    name: `the scheme ${scheme}`,
    send: async (server: AttackedServer) =>
      atBothFaces(server, { Authorization: `${scheme} ${await token(claims())}` }, 401),
    expected: REFUSED,
  })),
  {
    name: "300 guesses",
    send: async (server) => {
      for (let i = 0; i < 300; i++)
        assert.equal(
          (await server.ask({ path: PATH, headers: bearer(handmade({}, claims(), `guess ${i}`)) })).status,
          401,
        );
      return atBothFaces(server, bearer(times(3, () => "x").replaceAll(" ", ".")), 401);
    },
    expected: REFUSED,
  },
  {
    name: "a token without scopes",
    send: async (server) => atBothFaces(server, bearer(await token({ ...claims(), scope: "" })), 403),
    expected: { status: 200 },
  },
  {
    name: "a token that is older than its account",
    send: async (server) =>
      atBothFaces(server, bearer(await token({ ...claims(), iat: now() - 3_600, exp: now() + 60 })), 404),
    expected: { status: 200 },
  },
];

export const TOKEN_ATTACKS: readonly Attack[] = [
  ...ALGORITHMS,
  ...WELL_SIGNED,
  ...CLAIMS.map(([name, make]) => refused(name, () => handmade({}, make()))),
  ...HEADERS.map(([name, header]) => refused(name, () => handmade(header, claims()))),
  ...SHAPES.map(([name, make]) => refused(name, make)),
  ...COMING,
];

export async function signedBy(
  key: Parameters<SignJWT["sign"]>[0],
  header: Claims,
  payload: Claims,
): Promise<string> {
  const signed = new SignJWT(payload as JWTPayload).setProtectedHeader({ alg: "RS256", ...header });
  return plantToken(await signed.sign(key));
}
