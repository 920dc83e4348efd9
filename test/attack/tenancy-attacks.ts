import assert from "node:assert/strict";
import { type Attack, bodyOf, graphql, query, rest } from "./attack.js";
import type { AttackedServer } from "./attacked-server.js";
import { CANARIES } from "./canaries.js";
import { asOperator, bearer, token } from "./credentials.js";
import type { Answer } from "./exchange.js";

/** To the account `acme`: its reseller, the root, a sibling, another reseller's, and that reseller. */
const FOREIGN = ["summit", "northstar", "globex", "initech", "harbor"];
const ABSENT = "nobody-there";

type Ask = (id: string) => Attack["send"];
const mutation =
  (field: string): Ask =>
  (id) =>
    query(`mutation { ${field.replaceAll("ID", id)} { __typename } }`);
const reading =
  (text: string): Ask =>
  (id) =>
    query(text.replaceAll("ID", id));

const ASKS: Readonly<Record<string, Ask>> = {
  "a config": reading('{ config(accountId: "ID", configId: "open") { etag values } }'),
  "a config that nobody has": reading('{ config(accountId: "ID", configId: "nothing") { etag } }'),
  "a system-wide config": reading('{ config(accountId: "ID", configId: "inner") { etag } }'),
  "an account": reading(
    '{ account(id: "ID") { id name isReseller parent { id } reseller { id } configs { values } } }',
  ),
  "an account in a variable": (id) =>
    query("query ($id: ID!) { account(id: $id) { id config { etag } } }", { id }),
  "a set": mutation('setConfig(input: { accountId: "ID", configId: "open", values: { a: 1 } })'),
  "a set of nonsense": mutation(
    'setConfig(input: { accountId: "ID", configId: "strict", values: { x: "y" } })',
  ),
  "a dry run": mutation(
    'patchConfig(input: { accountId: "ID", configId: "open", patch: { a: 1 }, dryRun: true })',
  ),
  "a guess at an etag": mutation(
    'patchConfig(input: { accountId: "ID", configId: "open", patch: { a: 1 }, ifMatch: "x" })',
  ),
  "a reset": mutation('resetConfig(input: { accountId: "ID", configId: "open" })'),
  "a child": (id) =>
    query(`mutation { createAccount(input: { name: "x", parentId: "${id}" }) { account { id } } }`),
  "a taken id": (id) =>
    query(
      `mutation { createAccount(input: { name: "x", parentId: "acme", id: "${id}" }) { account { id } } }`,
    ),
  "a node": (id) => query("query ($id: ID!) { node(id: $id) { id ... on Account { name } } }", { id }),
  "a node's config": (id) =>
    query("query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on EffectiveConfig { values } } }", {
      ids: [`${id}/open`, `${id}/nothing`],
    }),
  GET: (id) => rest("GET", `/accounts/${id}/configs/open`),
  "GET with provenance": (id) => rest("GET", `/accounts/${id}/configs/open?provenance=true`),
  "GET of the default": (id) => rest("GET", `/accounts/${id}/configs`),
  "GET with a known etag": (id) =>
    rest("GET", `/accounts/${id}/configs/open`, undefined, { "If-None-Match": "*" }),
  HEAD: (id) => rest("HEAD", `/accounts/${id}/configs/open`),
  PUT: (id) => rest("PUT", `/accounts/${id}/configs/open`, '{"data":{"a":1}}'),
  "PATCH of nonsense": (id) => rest("PATCH", `/accounts/${id}/configs/strict`, '{"data":{"x":"y"}}'),
  "PATCH with an etag": (id) =>
    rest("PATCH", `/accounts/${id}/configs/open`, '{"data":{}}', { "If-Match": '"x"' }),
  DELETE: (id) => rest("DELETE", `/accounts/${id}/configs/open`),
};

/** All that an answer says, but for what is of the moment and for the id itself. */
function told({ status, headers, text }: Answer, id: string): string {
  const { date: _, "x-request-id": __, "content-length": ___, ...lasting } = headers;
  const same = text
    .replaceAll(id, "ID")
    .replace(/"timestamp":"\d+"/, "")
    .replace(/"(request_id|auth_token)":"[^"]*"/g, "");
  return JSON.stringify([status, lasting, same]);
}

const SAME: readonly Attack[] = Object.entries(ASKS).flatMap(([name, ask]) =>
  FOREIGN.map((id) => ({
    name: `${name} of ${id}`,
    send: ask(id),
    expected: {
      status: /^[A-Z]+$|^GET|^PATCH/.test(name) ? 404 : 200,
      async also(answer: Answer, server: AttackedServer) {
        assert.equal(told(answer, id), told(await ask(ABSENT)(server), ABSENT));
        assert.doesNotMatch(answer.text, /"name":|etag|values/);
      },
    },
  })),
);

const FORBIDDEN = { status: 200, code: "FORBIDDEN" };
const SYSTEM: readonly Attack[] = [
  ...["mail", "inner", "nothing", "open"].map((id) => ({
    name: `the system's ${id}`,
    send: query(`{ systemConfig(configId: "${id}") { id values } }`),
    expected: FORBIDDEN,
  })),
  ...[
    'setSystemConfig(input: { configId: "mail", values: {} })',
    'patchSystemConfig(input: { configId: "mail", patch: {} })',
    'resetSystemConfig(input: { configId: "mail" })',
    'createAccount(input: { name: "x" })',
  ].map((field) => ({
    name: field,
    send: query(`mutation { ${field} { __typename } }`),
    expected: FORBIDDEN,
  })),
  {
    name: "what the system keeps from accounts, by every way there is",
    send: query(
      '{ config(accountId: "acme", configId: "mail") { values fields { pointer contributions { value } } value(at: "/password") field(at: "/password") { value } layers { document updatedBy updatedAt revision } problems { pointer } schema { defaults accountSchema systemSchema } } configSchemas { id systemSchema } configSchema(configId: "mail") { systemSchema } }',
    ),
    expected: {
      status: 200,
      also({ text }) {
        assert.ok(!text.includes(CANARIES.systemValue) && !text.includes("password"), text);
        assert.match(text, /"value":null,"field":null/);
      },
    },
  },
  {
    name: "a guess at what the system keeps",
    send: query(
      `mutation { patchConfig(input: { accountId: "acme", configId: "mail", patch: { password: "${CANARIES.sent}" } }) { __typename ... on ConfigInvalid { problems { keyword source } } } }`,
    ),
    expected: {
      status: 200,
      also: ({ text }) => assert.match(text, /"problems":\[\{"keyword":"systemOnly","source":"?\w+"?\}\]/),
    },
  },
];

/** Whether the system has such a config: not told, in either face. */
const UNTOLD: readonly Attack[] = [
  (id: string) => query(`{ config(accountId: "acme", configId: "${id}") { id } }`),
  (id: string) => query(`{ configSchema(configId: "${id}") { id } }`),
  (id: string) =>
    query(`mutation { resetConfig(input: { accountId: "acme", configId: "${id}" }) { __typename } }`),
  (id: string) => rest("GET", `/accounts/acme/configs/${id}`),
].map((ask, way) => ({
  name: `a config of the system alone, way ${way + 1}`,
  send: ask("inner"),
  expected: {
    status: way === 3 ? 404 : 200,
    code: way === 3 ? "REST 404" : "CONFIG_NOT_FOUND",
    also: async (answer, server) =>
      assert.equal(told(answer, "inner"), told(await ask("nothing")(server), "nothing")),
  },
}));

const sameAsWrong = graphql({
  query: `mutation { patchConfig(input: { accountId: "acme", configId: "mail", patch: { password: "${CANARIES.systemValue}" } }) { __typename ... on ConfigInvalid { problems { keyword source message } } } }`,
});

const MIXED: readonly Attack[] = [
  {
    name: "own and foreign, by aliases",
    send: query(
      `{ own: config(accountId: "acme", configId: "strict") { values } a: config(accountId: "summit", configId: "open") { values } b: config(accountId: "${ABSENT}", configId: "open") { values } c: account(id: "globex") { name } d: account(id: "${ABSENT}") { name } }`,
    ),
    expected: {
      status: 200,
      also(answer) {
        const { data, errors = [] } = bodyOf(answer);
        assert.deepEqual(data, { own: { values: { n: 1 } }, a: null, b: null, c: null, d: null });
        assert.deepEqual(
          new Set(errors.map(({ message, extensions }) => JSON.stringify([message, extensions]))).size,
          1,
        );
        assert.equal(errors.length, 2);
      },
    },
  },
  {
    name: "own and foreign, by a fragment",
    send: query(
      '{ own: account(id: "acme") { ...F } foreign: account(id: "globex") { ...F } } fragment F on Account { id parent { id } reseller { id } config(configId: "strict") { values } }',
    ),
    expected: {
      status: 200,
      also: (answer) =>
        assert.deepEqual(bodyOf(answer).data, {
          own: { id: "acme", parent: null, reseller: null, config: { values: { n: 1 } } },
          foreign: null,
        }),
    },
  },
  {
    name: "the way up from one's own",
    send: query(
      '{ account(id: "acme") { parent { parent { id } } reseller { config { values } } config(configId: "open") { layers { account { id name } updatedBy } account { parent { id } } } } }',
    ),
    expected: { status: 200, also: ({ text }) => assert.doesNotMatch(text, /summit|northstar/i) },
  },
  {
    name: "a right guess is told as a wrong one",
    send: sameAsWrong,
    expected: {
      status: 200,
      also: ({ text }) => {
        assert.ok(!text.includes(CANARIES.systemValue));
        assert.match(text, /"systemOnly"/);
      },
    },
  },
  ...["ACME-BERLIN", "acme-berlin.", "Acme"].map((id) => ({
    name: `${id}, which is not acme-berlin`,
    send: query(`{ account(id: "${id}") { id } }`),
    expected: {
      status: 200,
      also: (answer: Answer) => assert.deepEqual(bodyOf(answer).data, { account: null }),
    },
  })),
];

const COLLIDING: readonly (readonly [account: string, config: string])[] = [
  ["a", "b.c"],
  ["a.b", "c"],
  ["a.b.c", "default"],
  ["a", "c"],
];

/** Accounts and configs whose names, put together carelessly, are one: each caller sees its own value under them. */
async function collide(server: AttackedServer): Promise<Answer> {
  const operator = await asOperator();
  const post = (text: string, headers: Record<string, string>) =>
    server.ask({
      method: "POST",
      path: "/graphql",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify({ query: text }),
    });
  for (const id of new Set(COLLIDING.map(([account]) => account)))
    await post(
      `mutation { createAccount(input: { id: "${id}", name: "x", parentId: "globex" }) { account { id } } }`,
      operator,
    );
  await new Promise((resolve) => setTimeout(resolve, 10));
  for (const [accountId, configId] of COLLIDING)
    await post(
      `mutation { setConfig(input: { accountId: "${accountId}", configId: "${configId}", values: { own: "${accountId} ${configId}" } }) { __typename } }`,
      operator,
    );
  let last: Answer | undefined;
  for (let round = 0; round < 3; round++) {
    for (const [accountId, configId] of COLLIDING) {
      const mine = bearer(await token({ account_id: accountId }));
      last = await post(`{ config(accountId: "${accountId}", configId: "${configId}") { id values } }`, mine);
      assert.deepEqual(bodyOf(last).data, {
        config: { id: `${accountId}/${configId}`, values: { own: `${accountId} ${configId}` } },
      });
      for (const [other, config] of COLLIDING) {
        if (other === accountId) continue;
        const foreign = await post(
          `{ config(accountId: "${other}", configId: "${config}") { values } }`,
          mine,
        );
        assert.equal(bodyOf(foreign).errors?.[0]?.extensions.code, "ACCOUNT_NOT_FOUND");
      }
    }
  }
  return last as Answer;
}

const accountWrite = (field: string) => query(`mutation { ${field} }`);
/** An account that would no longer inherit what its reseller says. */
const CUTTING_OFF: readonly Attack[] = (
  [
    [
      "makes itself a reseller",
      'updateAccount(input: { id: "acme", isReseller: true }) { account { id } }',
      "/isReseller",
    ],
    [
      "creates a reseller below itself",
      'createAccount(input: { name: "x", parentId: "acme", isReseller: true }) { account { id } }',
      "/isReseller",
    ],
    [
      "moves itself",
      'updateAccount(input: { id: "acme", parentId: "root" }) { account { id } }',
      "/parentId",
    ],
    [
      "moves itself to nobody",
      'updateAccount(input: { id: "acme", parentId: "no" }) { account { id } }',
      "/parentId",
    ],
    [
      "moves itself below itself",
      'updateAccount(input: { id: "acme", parentId: "acme" }) { account { id } }',
      "/parentId",
    ],
    ["deletes itself", 'deleteAccount(input: { id: "acme" }) { deletedAccountId }', "/id"],
  ] as const
).map(([name, field, pointer]) => ({
  name: `an account ${name}`,
  send: accountWrite(field),
  expected: { ...FORBIDDEN, pointer },
}));

export const TENANCY_ATTACKS: readonly Attack[] = [
  ...SAME,
  ...SYSTEM,
  ...UNTOLD,
  ...MIXED,
  { name: "names that are one when put together", send: collide, expected: { status: 200 } },
  {
    name: "a reader's write",
    send: async (server) =>
      graphql(
        {
          query: 'mutation { resetConfig(input: { accountId: "acme", configId: "strict" }) { __typename } }',
        },
        bearer(await token({ account_id: "acme", scope: "config:read" })),
      )(server),
    expected: FORBIDDEN,
  },
  {
    name: "a writer's read",
    send: async (server) =>
      graphql(
        { query: '{ config(accountId: "acme", configId: "strict") { values } }' },
        bearer(await token({ account_id: "acme", scope: "config:write" })),
      )(server),
    // Writing includes reading.
    expected: {
      status: 200,
      also: (answer) => assert.deepEqual(bodyOf(answer).data, { config: { values: { n: 1 } } }),
    },
  },
  ...CUTTING_OFF,
  {
    name: "what was attacked is as it was",
    send: query('{ config(accountId: "acme", configId: "strict") { values } }'),
    expected: {
      status: 200,
      also: (answer) => assert.deepEqual(bodyOf(answer).data, { config: { values: { n: 1 } } }),
    },
  },
];
