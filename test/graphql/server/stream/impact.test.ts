import { describe, expect, test } from "vitest";
import { EventReader } from "./event-reader.js";
import { LiveApp } from "./live-app.js";
import { SocketClient } from "./socket-client.js";

const IMPACT = `subscription ($write: ConfigWriteInput!) {
  configImpact(write: $write) { done total result { ... on ConfigWritten { dryRun impact { total digest accounts(first: 1) { nodes { outcome } } } } } }
}`;
const WRITE = { write: { patchSystemConfig: { configId: "conferences", patch: { pin_timeout: 9_000 } } } };

interface Progress {
  readonly done: number;
  readonly total: number;
  readonly result: { readonly impact: { readonly total: number; readonly digest: string } } | null;
}
interface Message {
  readonly data: { readonly configImpact: Progress };
}

/** The last message, whatever progress comes before it. */
async function lastOf(next: () => Promise<Message>): Promise<Progress> {
  for (let messages = 0; messages < 100; messages++) {
    const { configImpact } = (await next()).data;
    if (configImpact.result !== null) return configImpact;
  }
  throw new Error("no result");
}

describe("the impact of a write comes over", () => {
  test("server-sent events: its result, and then `complete`", async () => {
    const live = await LiveApp.forTest();
    const reader = await EventReader.operation(`${live.origin}/graphql`, IMPACT, WRITE);
    const last = await lastOf(async () => (await reader.next<Message>()).result);
    expect(last.done).toBe(last.total);
    expect(last.result).toMatchObject({
      dryRun: true,
      impact: { total: last.total, accounts: { nodes: [{}] } },
    });
    expect(await reader.event()).toEqual({ event: "complete", data: "" });
    expect(await reader.event()).toBeUndefined();
    expect(live.logged("request").at(-1)).toMatchObject({ rootFields: ["configImpact"], outcomes: ["ok"] });
  });

  test("a WebSocket, where the digest that it tells binds the write", async () => {
    const live = await LiveApp.forTest();
    const client = await SocketClient.ready(live.origin);
    client.subscribe("1", IMPACT, WRITE);
    const last = await lastOf(async () => (await client.message()).payload as Message);
    expect(await client.message()).toMatchObject({ id: "1", type: "complete" });
    const { data } = await live.app.client.post({
      query: `mutation ($input: PatchSystemConfigInput!) { patchSystemConfig(input: $input) { __typename ... on ConfigWritten { revision } } }`,
      variables: {
        input: { ...WRITE.write.patchSystemConfig, expectImpact: last.result?.impact.digest },
      },
    });
    expect(data).toMatchObject({ patchSystemConfig: { __typename: "ConfigWritten" } });
  });

  test("a multipart response, and not in one that is JSON", async () => {
    const live = await LiveApp.forTest();
    const ask = (accept: string) =>
      fetch(`${live.origin}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", accept },
        body: JSON.stringify({ query: IMPACT, variables: WRITE }),
      });
    const parts = await ask(`multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json`);
    expect(parts.headers.get("content-type")).toContain("multipart/mixed");
    expect(await parts.text()).toMatch(/"impact":\{"total":\d+/);
    const refused = await ask("application/json");
    expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: "BAD_USER_INPUT" } }] });
  });

  test("none of them for what is not one write: the error says where", async () => {
    const live = await LiveApp.forTest();
    const reader = await EventReader.operation(`${live.origin}/graphql`, IMPACT, { write: {} });
    expect((await reader.next()).result).toMatchObject({
      errors: [{ extensions: { code: "BAD_USER_INPUT", pointer: "/write" } }],
    });
  });
});
