import assert from "node:assert/strict";
import { type Attack, asking, bodyOf, graphql, query } from "./attack.js";
import { bearer, token } from "./credentials.js";
import type { Answer } from "./exchange.js";

/** An incident id, and nothing else of what went wrong. */
function incidentAlone(answer: Answer): void {
  const [error, ...others] = bodyOf(answer).errors ?? [];
  assert.deepEqual(others, []);
  assert.deepEqual(Object.keys(error?.extensions ?? {}).sort(), ["code", "incident"]);
  const { incident } = (error?.extensions ?? {}) as { incident?: string };
  assert.match(incident ?? "", /^[0-9a-f-]{36}$/);
  assert.equal(error?.message, `Something went wrong on our side. Incident ${incident}.`);
}

async function asThrower(): Promise<Record<string, string>> {
  return bearer(await token({ superadmin: true, sub: "thrower" }));
}

const INTERNAL = { status: 200, code: "INTERNAL_SERVER_ERROR", also: incidentAlone };
const UNAVAILABLE = { status: 200, code: "STORE_UNAVAILABLE" };

export const FAULT_ATTACKS: readonly Attack[] = [
  { name: "a resolver that throws", send: query('{ account(id: "thrown") { id } }'), expected: INTERNAL },
  {
    name: "a resolver of a write that throws",
    send: query('mutation { resetConfig(input: { accountId: "thrown", configId: "open" }) { __typename } }'),
    expected: INTERNAL,
  },
  {
    name: "a resolver that throws beside ones that do not",
    send: query(
      '{ config(accountId: "thrown", configId: "open") { id } __typename configSchema(configId: "open") { id } }',
    ),
    expected: {
      ...INTERNAL,
      also: (answer) => {
        incidentAlone(answer);
        assert.deepEqual(bodyOf(answer).data, {
          config: null,
          __typename: "Query",
          configSchema: { id: "schema:open" },
        });
      },
    },
  },
  {
    name: "a route that throws",
    send: asking({ path: "/v2/accounts/thrown/configs/open" }),
    expected: {
      status: 500,
      code: "REST 500",
      also: ({ text }) =>
        assert.match(
          text,
          /^\{"data":\{"incident":"[^"]+"\},"error":"500","message":"Something went wrong on our side\. Incident [^"]+\."/,
        ),
    },
  },
  {
    name: "a read that the store refuses",
    send: query('{ account(id: "rejected") { id } }'),
    expected: UNAVAILABLE,
  },
  {
    name: "a read that the store refuses, REST",
    send: asking({ path: "/v2/accounts/rejected/configs/open" }),
    expected: {
      status: 503,
      code: "REST 503",
      also: ({ headers }) => assert.equal(headers["retry-after"], "1"),
    },
  },
  {
    name: "a commit that fails",
    send: async (server) =>
      graphql(
        {
          query:
            'mutation { setSystemConfig(input: { configId: "inner", values: { password: "x" } }) { __typename } }',
        },
        await asThrower(),
      )(server),
    expected: INTERNAL,
  },
  {
    name: "a look whether it is ready",
    send: (server) => server.ask({ path: "/health/ready" }),
    expected: {
      status: 503,
      also: ({ text }) =>
        assert.equal(
          text,
          '{"status":"not ready","reads":"refused","writes":"refused","reason":"The store cannot be read: the log says why."}',
        ),
    },
  },
];
