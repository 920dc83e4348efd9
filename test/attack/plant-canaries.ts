import assert from "node:assert/strict";
import type { AttackedServer } from "./attacked-server.js";
import { CANARIES } from "./canaries.js";
import { asOperator } from "./credentials.js";

const WRITES: readonly (readonly [field: string, input: unknown])[] = [
  ["setSystemConfig", { configId: "mail", values: { host: "mail.example", password: CANARIES.systemValue } }],
  ["setSystemConfig", { configId: "inner", values: { password: CANARIES.systemValue } }],
  ["setConfig", { accountId: "globex", configId: "open", values: { note: CANARIES.configValue } }],
  [
    "setConfig",
    { accountId: "acme", configId: "open", values: { note: CANARIES.configValue, list: [1, 2] } },
  ],
  ["setConfig", { accountId: "acme", configId: "strict", values: { n: 1 } }],
];

/** Fills in what attackers are after, where the schemas have room for it, and lets every path of the code run once. */
export async function plantCanaries(server: AttackedServer): Promise<void> {
  const headers = await asOperator();
  const post = (body: unknown) =>
    server.ask({ method: "POST", path: "/graphql", headers, body: JSON.stringify(body) });
  for (const [field, input] of WRITES) {
    const type = `${field.charAt(0).toUpperCase()}${field.slice(1)}Input!`;
    const query = `mutation ($input: ${type}) { ${field}(input: $input) { __typename } }`;
    const { text } = await post({ query, variables: { input } });
    assert.match(text, /"ConfigWritten"|"CONFIG_NOT_FOUND"|"ACCOUNT_NOT_FOUND"|"UNAUTHENTICATED"/, text);
  }
  for (let i = 0; i < 20; i++) {
    await post({
      query: `{ account(id: "acme") { configs { values fields { pointer source { kind } } } } a${i}: __typename }`,
    });
    await server.ask({ path: "/v2/accounts/acme/configs/open?provenance=true", headers });
  }
  await server.lines();
}
