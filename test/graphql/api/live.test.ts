import { createSourceEventStream, type ExecutionResult, parse, subscribe } from "graphql";
import { describe, expect, onTestFinished, test } from "vitest";
import { OPEN_PRINCIPAL, type Principal } from "../../../src/auth/principal.js";
import type { SubscriptionContext } from "../../../src/graphql/api/context.js";
import { createGraphqlSchema } from "../../../src/graphql/api/schema.js";
import { RequestWork } from "../../../src/graphql/server/request-work.js";
import { createRequestReader } from "../../../src/service/read/request-reader.js";
import { openServices, type Services, SHIPPED_SCHEMAS, written } from "../../service/services.js";

const schema = await createGraphqlSchema();
const QUERY = parse(`subscription ($accountId: ID!, $configIds: [ID!], $since: String, $bookmarks: Boolean) {
  configChanged(accountId: $accountId, configIds: $configIds, since: $since, bookmarks: $bookmarks) {
    cursor snapshot bookmark reset movedLayers
    config { id values }
    changes { pointer before after sourceBefore sourceAfter }
  }
}`);

function contextOf(
  { accounts, configs, live, store }: Services,
  principal = OPEN_PRINCIPAL,
): SubscriptionContext {
  const signal = new AbortController();
  onTestFinished(() => signal.abort());
  const reader = createRequestReader(store, principal);
  return { principal, accounts, configs, live, reader, work: new RequestWork(), signal: signal.signal };
}

type Message = ExecutionResult<{ configChanged: Record<string, unknown> }>;

describe("Subscription.configChanged", () => {
  test("sends a snapshot and then the change that a write made, executed by graphql-js", async () => {
    const services = await openServices(SHIPPED_SCHEMAS);
    await services.tree(["root"], ["acme", "root"]);
    const stream = (await subscribe({
      schema,
      document: QUERY,
      contextValue: contextOf(services),
      variableValues: { accountId: "acme", configIds: ["conferences"] },
    })) as AsyncGenerator<Message>;
    const first = (await stream.next()).value as Message;
    expect(first.errors).toBeUndefined();
    expect(first.data?.configChanged).toMatchObject({
      snapshot: true,
      bookmark: false,
      reset: false,
      changes: [],
      movedLayers: [],
      config: { id: "acme/conferences" },
    });
    written(await services.patch("acme", "conferences", { pin_timeout: 5001 }));
    const second = (await stream.next()).value as Message;
    expect(second.errors).toBeUndefined();
    expect(second.data?.configChanged).toMatchObject({ snapshot: false, movedLayers: ["ACCOUNT"] });
    await stream.return(undefined);
  });

  test.each<[string, Record<string, unknown>, Principal, string]>([
    ["an account that is not there", { accountId: "nobody" }, OPEN_PRINCIPAL, "ACCOUNT_NOT_FOUND"],
    [
      "a config that is not there",
      { accountId: "acme", configIds: ["x"] },
      OPEN_PRINCIPAL,
      "CONFIG_NOT_FOUND",
    ],
    ["text that is no cursor", { accountId: "acme", since: "x" }, OPEN_PRINCIPAL, "BAD_USER_INPUT"],
    [
      "an account out of reach",
      { accountId: "acme" },
      { ...OPEN_PRINCIPAL, isSuperadmin: false, accountId: "bolt", issuedAt: 4e9 },
      "ACCOUNT_NOT_FOUND",
    ],
  ])("refuses %s before it streams", async (_, variableValues, principal, code) => {
    const services = await openServices(SHIPPED_SCHEMAS);
    await services.tree(["root"], ["acme", "root"], ["bolt", "root"]);
    const contextValue = contextOf(services, principal);
    const result = (await createSourceEventStream({
      schema,
      document: QUERY,
      contextValue,
      variableValues,
    })) as ExecutionResult;
    expect(
      result.errors?.map(({ originalError }) => (originalError as { code?: string } | undefined)?.code),
    ).toEqual([code]);
  });
});
