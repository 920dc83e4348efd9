import assert from "node:assert/strict";
import { once } from "node:events";
import { WebSocket } from "ws";
import type { AttackedServer } from "../../test/attack/attacked-server.js";
import type { Answer } from "../../test/attack/exchange.js";

const PER_SOCKET = 100;
const AT_ONCE = 50;
const CHANGES =
  'subscription ($accountId: ID!) { configChanged(accountId: $accountId, configIds: ["mail"]) { config { values } changes { pointer after } } }';

/** What the server has to allow for so many. */
export const settingsFor = (count: number) => ({
  subscriptionsPerCaller: count,
  subscriptionsPerConnection: PER_SOCKET,
});

/** Accounts that override nothing, each with a subscriber to one config. */
export class SubscribedAccounts {
  #told = 0;
  readonly #sockets: WebSocket[] = [];

  private constructor(
    private readonly server: AttackedServer,
    private readonly headers: Readonly<Record<string, string>>,
    private readonly count: number,
  ) {}

  static async open(
    server: AttackedServer,
    headers: Readonly<Record<string, string>>,
    count: number,
  ): Promise<SubscribedAccounts> {
    const accounts = new SubscribedAccounts(server, headers, count);
    const ids = Array.from({ length: count }, (_, number) => `live-${number}`);
    for (let next = 0; next < count; next += AT_ONCE)
      await Promise.all(ids.slice(next, next + AT_ONCE).map((id) => accounts.#create(id)));
    for (let next = 0; next < count; next += PER_SOCKET)
      await accounts.#subscribe(ids.slice(next, next + PER_SOCKET));
    await accounts.#all();
    return accounts;
  }

  /** A system write that moves all of them. @returns its answer, once everybody was told */
  async write(host: string): Promise<Answer> {
    this.#told = 0;
    const query =
      "mutation ($input: SetSystemConfigInput!) { setSystemConfig(input: $input) { __typename } }";
    const answer = await this.#ask({ query, variables: { input: { configId: "mail", values: { host } } } });
    await this.#all();
    return answer;
  }

  close(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  async #create(id: string): Promise<void> {
    const query =
      'mutation ($id: ID!) { createAccount(input: { id: $id, name: "Live", parentId: "acme" }) { __typename } }';
    const { text } = await this.#ask({ query, variables: { id } });
    assert.match(text, /"AccountWritten"|"Account/, text);
  }

  async #subscribe(ids: readonly string[]): Promise<void> {
    const socket = new WebSocket(`ws://127.0.0.1:${this.server.port}/graphql`, "graphql-transport-ws");
    this.#sockets.push(socket);
    await once(socket, "open");
    socket.send(JSON.stringify({ type: "connection_init", payload: this.headers }));
    await once(socket, "message");
    socket.on("message", (data) => {
      if (String(data).includes('"type":"next"')) this.#told++;
    });
    for (const accountId of ids) {
      const payload = { query: CHANGES, variables: { accountId } };
      socket.send(JSON.stringify({ id: accountId, type: "subscribe", payload }));
    }
  }

  async #all(): Promise<void> {
    const end = performance.now() + 60_000;
    while (this.#told < this.count) {
      assert(performance.now() < end, `${this.#told} were told, of ${this.count}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  #ask(body: unknown): Promise<Answer> {
    const { headers } = this;
    return this.server.ask({ method: "POST", path: "/graphql", headers, body: JSON.stringify(body) });
  }
}
