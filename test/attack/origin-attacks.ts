import assert from "node:assert/strict";
import type { Attack } from "./attack.js";
import { TRUSTED_ORIGINS } from "./attacked-server.js";
import { asAcme } from "./credentials.js";
import type { Answer } from "./exchange.js";

const FOREIGN = [
  "https://evil.example",
  "https://good.example.evil.com",
  "https://evilgood.example",
  "https://good.example:8443",
  "https://good.example:443",
  "http://good.example",
  "https://good.example/",
  "https://GOOD.example",
  "https://sub.good.example",
  "https://good.example@evil.example",
  "https://good.example, https://evil.example",
  "https://good.exampl\u00e9",
  "null",
  "*",
  "file://",
  "http://127.0.0.1",
];
const ASKED_HEADERS = "authorization,x-auth-token,content-type,apollo-require-preflight,x-request-id";
const PATHS = { GraphQL: "/graphql", REST: "/v2/accounts/acme/configs/open" };

function preflight(face: keyof typeof PATHS, origin: string): Attack["send"] {
  const headers = {
    Origin: origin,
    "Access-Control-Request-Method": face === "REST" ? "PATCH" : "POST",
    "Access-Control-Request-Headers": ASKED_HEADERS,
  };
  return (server) => server.ask({ method: "OPTIONS", path: PATHS[face], headers });
}

function notAllowed({ headers }: Answer): void {
  assert.equal(headers["access-control-allow-origin"], undefined);
  assert.equal(headers["access-control-allow-credentials"], undefined);
  assert.match(headers.vary ?? "", /Origin/i);
}

function allowed(origin: string): (answer: Answer) => void {
  return ({ headers }) => {
    assert.equal(headers["access-control-allow-origin"], origin);
    assert.equal(headers["access-control-allow-headers"], ASKED_HEADERS);
    assert.equal(headers["access-control-allow-credentials"], undefined);
  };
}

/** A page of another site, with all that its script may send. */
function reading(face: keyof typeof PATHS, origin: string): Attack["send"] {
  const body = '{"query":"{ __typename }"}';
  return async (server) => {
    const headers = { ...(await asAcme()), Origin: origin };
    return face === "REST"
      ? server.ask({ path: PATHS.REST, headers })
      : server.ask({ method: "POST", path: PATHS.GraphQL, headers, body });
  };
}

const FACES = Object.keys(PATHS) as (keyof typeof PATHS)[];

export const ORIGIN_ATTACKS: readonly Attack[] = FACES.flatMap((face) => [
  ...FOREIGN.flatMap((origin) => [
    {
      name: `a preflight from ${origin}, ${face}`,
      send: preflight(face, origin),
      expected: { status: 204, also: notAllowed },
    },
    {
      name: `a read from ${origin}, ${face}`,
      send: reading(face, origin),
      expected: { status: 200, also: notAllowed },
    },
  ]),
  ...TRUSTED_ORIGINS.map((origin) => ({
    name: `a preflight from ${origin}, which may, ${face}`,
    send: preflight(face, origin),
    expected: { status: 204, also: allowed(origin) },
  })),
  {
    name: `a write without a token from elsewhere, ${face}`,
    send: (server) =>
      server.ask({
        method: face === "REST" ? "PATCH" : "POST",
        path: PATHS[face],
        headers: { Origin: "https://evil.example", "Content-Type": "text/plain" },
        body: "{}",
      }),
    expected: { status: face === "REST" ? 403 : 400 },
  },
]);
