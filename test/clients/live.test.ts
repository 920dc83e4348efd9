import { gql } from "@apollo/client";
import { afterAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { WebSocket } from "ws";
import { CHANGES, createLiveClient as createApollo } from "./docs/live-apollo.js";
import { follow as followEvents } from "./docs/live-event-source.js";
import { follow as followSse } from "./docs/live-graphql-sse.js";
import { follow as followWs } from "./docs/live-graphql-ws.js";
import { createLiveClient as createUrql } from "./docs/live-urql.js";
import { openStrata } from "./strata.js";

// Browsers have one, and Node from 22 on.
vi.stubGlobal("WebSocket", WebSocket);
afterAll(() => void vi.unstubAllGlobals());

const strata = openStrata();
const token = () => strata.token("summit");
const OF = { accountId: "acme", configIds: ["conferences"] };
const origin = () => strata.url.replace("/graphql", "");
const socketUrl = () => strata.url.replace(/^http/, "ws");
let written = 6_000;

/** Writes through REST. @returns what was written */
async function write(): Promise<number> {
  written++;
  const response = await fetch(`${origin()}/v2/accounts/acme/configs/conferences`, {
    method: "PATCH",
    headers: { authorization: `Bearer ${await token()}`, "content-type": "application/json" },
    body: JSON.stringify({ data: { pin_timeout: written } }),
  });
  expect(response.status).toBe(200);
  return written;
}

/** Waits for a first state, writes, and waits until that is shown. */
async function expectChange(shown: () => unknown): Promise<void> {
  await expect.poll(shown, { timeout: 20_000 }).toEqual(expect.any(Number));
  const value = await write();
  await expect.poll(shown, { timeout: 20_000 }).toBe(value);
}

describe("a change that is made through REST reaches", () => {
  test("graphql-ws", async () => {
    const leaving = new AbortController();
    onTestFinished(() => leaving.abort());
    let shown: unknown;
    const show = (value: unknown): void => {
      shown = value;
    };
    void followWs(socketUrl(), token, OF, (config) => show(config?.values.pin_timeout), leaving.signal);
    await expectChange(() => shown);
  });

  test("graphql-sse", async () => {
    let shown: unknown;
    const show = (value: unknown): void => {
      shown = value;
    };
    onTestFinished(followSse(strata.url, token, OF, ({ values }) => show(values.pin_timeout)));
    await expectChange(() => shown);
  });

  test("an EventSource over REST", async () => {
    let shown: unknown;
    const show = (value: unknown): void => {
      shown = value;
    };
    const of = { accountId: "acme", configId: "conferences" };
    onTestFinished(followEvents(origin(), token, of, (values) => show(values.pin_timeout)));
    await expectChange(() => shown);
  });

  test("urql over graphql-ws", async () => {
    let shown: unknown;
    const query = `subscription ($accountId: ID!, $configIds: [ID!]) {
      configChanged(accountId: $accountId, configIds: $configIds) { config { id values } }
    }`;
    const { unsubscribe } = createUrql(strata.url, token)
      .subscription(query, OF)
      .subscribe(({ data, error }) => {
        shown = error?.message ?? data?.configChanged.config.values.pin_timeout;
      });
    onTestFinished(unsubscribe);
    await expectChange(() => shown);
  });

  test.each([
    ["multipart", false],
    ["graphql-ws", true],
  ])("Apollo Client over %s, whose cache shows it without a line of code", async (_, overWebSocket) => {
    const apollo = createApollo(strata.url, token, overWebSocket);
    onTestFinished(() => apollo.stop());
    const query = gql`
      query ($accountId: ID!) { config(accountId: $accountId, configId: "conferences") { id values } }
    `;
    let shown: unknown;
    const watching = apollo
      .watchQuery<{ config: { values: { pin_timeout: number } } }>({
        query,
        variables: { accountId: "acme" },
      })
      .subscribe(({ data }) => {
        shown = (data as { config?: { values?: { pin_timeout?: number } } } | undefined)?.config?.values
          ?.pin_timeout;
      });
    let messages = 0;
    const live = apollo
      .subscribe({ query: CHANGES, variables: OF })
      .subscribe({ next: () => void messages++ });
    onTestFinished(() => {
      watching.unsubscribe();
      live.unsubscribe();
    });
    await expect.poll(() => messages, { timeout: 20_000 }).toBeGreaterThan(0);
    await expectChange(() => shown);
  });
});
