import assert from "node:assert/strict";
import type { Attack } from "./attack.js";
import type { AttackedServer } from "./attacked-server.js";

const QUERY = '{"query":"{ viewer { superadmin } }"}';
const MISDIRECTED = { status: 421, code: "BAD_USER_INPUT" };

/** Names that a page elsewhere could point at this machine, or pass for one of it. */
const FOREIGN = [
  "evil.example",
  "localhost.evil.example",
  "127.0.0.1.evil.example",
  "127.evil.example",
  "evil@localhost",
  "192.168.0.1",
  "0.0.0.0",
  "[::2]",
  "0x7f.1",
  "2130706433",
  "",
];

const ask =
  (Host: string, more: Readonly<Record<string, string>> = {}) =>
  (server: AttackedServer) =>
    server.ask({
      method: "POST",
      path: "/graphql",
      headers: { "Content-Type": "application/json", Host, ...more },
      body: QUERY,
    });

/** Without tokens everybody may do everything: whoever reaches the server must be on its machine. */
export const OPEN_ATTACKS: readonly Attack[] = [
  ...FOREIGN.map((host) => ({ name: `the host ${host}`, send: ask(host), expected: MISDIRECTED })),
  ...["/metrics", "/health/live", "/", "/v2/accounts/acme/configs/open"].map((path) => ({
    name: `${path} under a foreign name`,
    send: (server: AttackedServer) => server.ask({ path, headers: { Host: "evil.example" } }),
    expected: { status: 421 },
  })),
  {
    name: "a name of this machine behind a foreign one",
    send: ask("evil.example", { "X-Forwarded-Host": "localhost", Forwarded: "host=localhost" }),
    expected: MISDIRECTED,
  },
  {
    name: "a form of another site, REST",
    send: (server) =>
      server.ask({
        method: "POST",
        path: "/v2/accounts/acme/configs/open",
        headers: {
          Host: `127.0.0.1:${server.port}`,
          Origin: "https://evil.example",
          "Content-Type": "text/plain",
        },
        body: '{"data":{}}',
      }),
    expected: { status: 403, code: "REST 403" },
  },
  {
    name: "a form of another site, GraphQL",
    send: (server) =>
      server.ask({
        method: "POST",
        path: "/graphql",
        headers: {
          Host: `127.0.0.1:${server.port}`,
          Origin: "https://evil.example",
          "Content-Type": "text/plain",
        },
        body: QUERY,
      }),
    expected: { status: 400, code: "BAD_REQUEST" },
  },
  {
    name: "a link of another site",
    send: (server) =>
      server.ask({ path: "/graphql?query=%7B__typename%7D", headers: { Host: `127.0.0.1:${server.port}` } }),
    expected: { status: 400, code: "BAD_REQUEST" },
  },
  {
    name: "a name of this machine, which may",
    send: (server) => ask(`localhost:${server.port}`)(server),
    expected: { status: 200, also: ({ text }) => assert.match(text, /"superadmin":true/) },
  },
];
