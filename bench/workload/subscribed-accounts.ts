import assert from "node:assert/strict";
import type { AttackedServer } from "../../test/attack/attacked-server.js";
import type { Answer } from "../../test/attack/exchange.js";
import { ConfigFollowers } from "./config-followers.js";

const PER_CONNECTION = 100;
const AT_ONCE = 50;
const CHANGES =
  'subscription ($accountId: ID!) { configChanged(accountId: $accountId, configIds: ["mail"]) { config { values } changes { pointer after } } }';

/** What the server has to allow for so many. */
export const settingsFor = (count: number) => ({
  subscriptionsPerCaller: count,
  subscriptionsPerConnection: PER_CONNECTION,
});

/** Accounts that override nothing, each with a subscriber to one config. */
export class SubscribedAccounts {
  private constructor(
    private readonly server: AttackedServer,
    private readonly headers: Readonly<Record<string, string>>,
    private readonly followers: ConfigFollowers,
  ) {}

  static async open(
    server: AttackedServer,
    headers: Readonly<Record<string, string>>,
    count: number,
  ): Promise<SubscribedAccounts> {
    const ids = Array.from({ length: count }, (_, number) => `live-${number}`);
    for (let next = 0; next < count; next += AT_ONCE)
      await Promise.all(ids.slice(next, next + AT_ONCE).map((id) => create(server, headers, id)));
    const of = { port: server.port, accountIds: ids, perConnection: PER_CONNECTION, query: CHANGES, headers };
    return new SubscribedAccounts(server, headers, await ConfigFollowers.open(of));
  }

  /** A system write that moves all of them. @returns its answer, once everybody was told */
  async write(host: string): Promise<Answer> {
    const query =
      "mutation ($input: SetSystemConfigInput!) { setSystemConfig(input: $input) { __typename } }";
    const body = { query, variables: { input: { configId: "mail", values: { host } } } };
    const [answer] = await Promise.all([ask(this.server, this.headers, body), this.followers.allTold()]);
    return answer;
  }

  close(): Promise<void> {
    return this.followers.close();
  }
}

async function create(
  server: AttackedServer,
  headers: Readonly<Record<string, string>>,
  id: string,
): Promise<void> {
  const query =
    'mutation ($id: ID!) { createAccount(input: { id: $id, name: "Live", parentId: "acme" }) { __typename } }';
  const { text } = await ask(server, headers, { query, variables: { id } });
  assert.match(text, /"AccountWritten"|"Account/, text);
}

function ask(
  server: AttackedServer,
  headers: Readonly<Record<string, string>>,
  body: unknown,
): Promise<Answer> {
  return server.ask({ method: "POST", path: "/graphql", headers, body: JSON.stringify(body) });
}
