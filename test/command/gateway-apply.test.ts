import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { Json } from "../../src/domain/json/json.js";
import { startServer } from "../../src/start-server.js";
import { FUNCTIONS } from "../../src/store/redis/redis-functions.js";
import { type Ended, strata } from "../archive/strata-process.js";
import { sharedRedisUrl } from "../redis/run-redis.js";
import { TcpProxy } from "../redis/tcp-proxy.js";
import { schemaFolder, temporaryFolder } from "../temporary-folder.js";

const SECRET = "0123456789abcdef0123456789abcdef";
const SCHEMAS = {
  "account_config.phones": { additionalProperties: true },
  "system_config.phones": { additionalProperties: true },
};

let world: World;

/** A gateway that asks for tokens, and a folder of declared documents. */
class World {
  readonly folder = join(temporaryFolder(), "declared");
  readonly #settings = {
    STRATA_STORE: sharedRedisUrl(),
    STRATA_CELL: randomUUID(),
    STRATA_STATE: temporaryFolder(),
    STRATA_SCHEMAS: schemaFolder(SCHEMAS),
    STRATA_JWT_SECRET: SECRET,
    STRATA_LOG_LEVEL: "silent",
    STRATA_PORT: "0",
  };
  #token = "";

  async start(): Promise<string> {
    this.#token = await tokenOf("--superadmin", "--subject", "ci");
    return this.startGateway();
  }

  async startGateway(settings = {}): Promise<string> {
    const app = await startServer({ ...this.#settings, ...settings });
    onTestFinished(() => app.close());
    return app.listeningOrigin;
  }

  /** These files, and no others. */
  declare(files: Readonly<Record<string, Json>>): void {
    rmSync(this.folder, { recursive: true, force: true });
    for (const [file, values] of Object.entries(files)) {
      mkdirSync(dirname(join(this.folder, file)), { recursive: true });
      writeFileSync(join(this.folder, file), JSON.stringify(values));
    }
  }

  run(command: "plan" | "apply", ...args: string[]): Promise<Ended> {
    return strata([command, this.folder, ...args], { ...this.#settings, STRATA_TOKEN: this.#token });
  }

  applyAs(token: string, ...args: string[]): Promise<Ended> {
    return strata(["apply", this.folder, ...args], { ...this.#settings, STRATA_TOKEN: token });
  }

  async ask<T>(origin: string, query: string, variables: object): Promise<T> {
    const answer = await fetch(`${origin}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${this.#token}` },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await answer.json()) as { data: T; errors?: unknown };
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    return data;
  }
}

async function tokenOf(...args: string[]): Promise<string> {
  const { output } = await strata(["token", ...args], { STRATA_JWT_SECRET: SECRET });
  return output.trim();
}

/** An address that does something with each request before it is passed on to a gateway, or in place of that. */
async function relay(
  origin: string,
  handle: (request: IncomingMessage, body: string) => Promise<Response | undefined>,
) {
  const listener: RequestListener = async (request, response) => {
    const body = await text(request);
    try {
      const { authorization = "" } = request.headers;
      const headers = { "content-type": "application/json", authorization };
      const answer =
        (await handle(request, body)) ??
        (await fetch(`${origin}${request.url}`, { method: "POST", headers, body }));
      response.writeHead(answer.status, Object.fromEntries(answer.headers.entries()));
      response.end(await answer.text());
    } catch {
      request.socket.destroy();
    }
  };
  return listening(listener);
}

async function listening(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const CREATE = "mutation ($input: CreateAccountInput!) { createAccount(input: $input) { account { id } } }";
const PATCH = "mutation ($input: PatchConfigInput!) { patchConfig(input: $input) { __typename } }";
const LOOK = `query ($accountId: ID!) { config(accountId: $accountId, configId: "phones") {
  layers { kind document } history { nodes { kind actor note document } } } }`;
const LOOK_AT_SYSTEM = `{ systemConfig(configId: "phones") { layers { kind document } history { nodes { kind actor note } } } }`;

interface Looked {
  readonly layers: readonly { readonly kind: string; readonly document: Json }[];
  readonly history: {
    readonly nodes: readonly {
      readonly kind: string;
      readonly actor: string;
      readonly note: string | null;
    }[];
  };
}

async function look(origin: string, accountId?: string): Promise<Looked> {
  if (accountId === undefined)
    return (await world.ask<{ systemConfig: Looked }>(origin, LOOK_AT_SYSTEM, {})).systemConfig;
  return (await world.ask<{ config: Looked }>(origin, LOOK, { accountId })).config;
}

const PLAN_FILE = "../plan.json";
let gateway: string;

beforeEach(async () => {
  world = new World();
  gateway = await world.start();
  for (const [id, parentId] of [["root"], ["shop", "root"], ["leaf", "shop"]])
    await world.ask(gateway, CREATE, { input: { id, name: id, parentId, isReseller: id === "shop" } });
  await world.ask(gateway, PATCH, {
    input: { accountId: "leaf", configId: "phones", patch: { old: 1, kept: 2 } },
  });
  world.declare({
    "system/phones.json": { a: 1 },
    "shop/phones.json": { a: 2 },
    "leaf/phones.json": { a: 2, old: null },
  });
});

describe("strata apply --url", () => {
  test("writes each document by a mutation, as the token's subject, with the note", async () => {
    const applied = await world.run("apply", "--url", gateway, "--note", "release 7");
    expect(applied).toMatchObject({ code: 0, errors: "" });
    expect(applied.output).toContain("\n3 documents written.\n");
    const [system, shop, leaf] = [
      await look(gateway),
      await look(gateway, "shop"),
      await look(gateway, "leaf"),
    ];
    const commit = { kind: "PATCH", actor: "ci", note: "release 7" };
    expect(system.history.nodes).toMatchObject([commit]);
    expect(shop.history.nodes).toMatchObject([commit]);
    expect(leaf.history.nodes).toMatchObject([{ ...commit, document: { kept: 2, a: 2 } }, { note: null }]);
    // What is inherited anyway is pinned: it stays when the reseller's goes.
    await world.ask(gateway, PATCH, { input: { accountId: "shop", configId: "phones", patch: { a: null } } });
    expect((await look(gateway, "leaf")).layers[0]?.document).toEqual({ kept: 2, a: 2 });
    expect((await world.run("plan")).output).toContain("shop/phones.json");
  });

  test("drops with --prune what is not declared, and leaves alone who has no folder", async () => {
    world.declare({ "system/phones.json": {}, "shop/phones.json": { a: 3 } });
    expect(await world.run("apply", "--url", gateway)).toMatchObject({ code: 0 });
    await world.ask(gateway, PATCH, { input: { accountId: "shop", configId: "phones", patch: { b: 1 } } });
    world.declare({ "shop/phones.json": { a: 3 } });
    expect(await world.run("apply", "--url", gateway, "--prune")).toMatchObject({ code: 0, errors: "" });
    expect((await look(gateway, "shop")).layers[0]?.document).toEqual({ a: 3 });
    expect((await look(gateway, "leaf")).layers[0]?.document).toEqual({ old: 1, kept: 2 });
    world.declare({ "leaf/phones.json": {} });
    expect(await world.run("apply", "--url", gateway, "--prune")).toMatchObject({ code: 0, errors: "" });
    const { layers, history } = await look(gateway, "leaf");
    expect([layers[0]?.document, history.nodes[0]?.kind]).toEqual([null, "RESET"]);
    expect((await look(gateway, "shop")).layers[0]?.document).toEqual({ a: 3 });
  });

  test("plans again where another writes meanwhile, and keeps both", async () => {
    let writes = 0;
    const between = await relay(gateway, async () => {
      if (++writes === 2)
        await world.ask(gateway, PATCH, {
          input: { accountId: "leaf", configId: "phones", patch: { theirs: 1 } },
        });
      return undefined;
    });
    expect(await world.run("apply", "--url", between)).toMatchObject({ code: 0, errors: "" });
    expect((await look(gateway, "leaf")).layers[0]?.document).toEqual({ kept: 2, theirs: 1, a: 2 });
    expect(await world.run("plan")).toMatchObject({ code: 0 });
  });

  test("with --plan stops where another has changed what was agreed to, by its impact as well", async () => {
    const file = join(world.folder, PLAN_FILE);
    await world.run("plan", "--out", file);
    let writes = 0;
    // The first write is the system's: only its impact is another one then, not its own state.
    const between = await relay(gateway, async () => {
      if (++writes === 1)
        await world.ask(gateway, PATCH, {
          input: { accountId: "root", configId: "phones", patch: { a: 9 } },
        });
      return undefined;
    });
    const stopped = await world.run("apply", "--url", between, "--plan", file);
    expect(stopped.code).toBe(1);
    expect(stopped.output).toContain("Stopped at system/phones.json: others have changed what it rests on.");
    expect(writes).toBe(1);
    expect((await look(gateway)).layers[0]?.document).toBeNull();
  });

  test("with --plan stops where another has changed the document itself", async () => {
    const file = join(world.folder, PLAN_FILE);
    await world.run("plan", "--out", file);
    let writes = 0;
    const between = await relay(gateway, async () => {
      if (++writes === 3)
        await world.ask(gateway, PATCH, {
          input: { accountId: "leaf", configId: "phones", patch: { theirs: 1 } },
        });
      return undefined;
    });
    const stopped = await world.run("apply", "--url", between, "--plan", file);
    expect(stopped.code).toBe(1);
    expect(stopped.output).toContain(
      "shop/phones.json: written\nStopped at leaf/phones.json: others have changed",
    );
    expect((await look(gateway, "leaf")).layers[0]?.document).toEqual({ old: 1, kept: 2, theirs: 1 });
  });

  test("says what a token may not do, and that nothing was written", async () => {
    const token = await tokenOf("--superadmin", "--read-only");
    const { code, output, errors } = await world.applyAs(token, "--url", gateway);
    expect([code, output]).toEqual([1, ""]);
    expect(errors).toBe("The gateway did not write: The token does not allow this.\n");
    expect((await look(gateway)).layers[0]?.document).toBeNull();
  });
});

describe("strata apply --url, where nobody knows what became of a write,", () => {
  const UNKNOWN = "it may have written or not. Run it again.\n";

  /** Runs it once more, over the gateway itself: all is as declared, and each document was written once. */
  async function expectDoneByAnotherRun(written = [1, 1, 2]): Promise<void> {
    expect(await world.run("apply", "--url", gateway)).toMatchObject({ code: 0, errors: "" });
    expect(await world.run("plan")).toMatchObject({ code: 0 });
    const revisions = [await look(gateway), await look(gateway, "shop"), await look(gateway, "leaf")];
    expect(revisions.map(({ history }) => history.nodes.length)).toEqual(written);
  }

  test("says so when the answer is lost", async () => {
    const between = await relay(gateway, async (request, body) => {
      const { authorization = "" } = request.headers;
      const headers = { "content-type": "application/json", authorization };
      await fetch(`${gateway}/graphql`, { method: "POST", headers, body });
      throw new Error("lost");
    });
    expect((await world.run("apply", "--url", between)).errors).toBe(
      `The gateway did not answer: ${UNKNOWN}`,
    );
    await expectDoneByAnotherRun();
  });

  test("says so when the answer breaks off", async () => {
    const between = await listening((_request, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
      response.write('{"data":', () => response.destroy());
    });
    expect((await world.run("apply", "--url", between)).errors).toBe(
      `The gateway did not answer: ${UNKNOWN}`,
    );
    await expectDoneByAnotherRun();
  });

  test("says so when something else answers", async () => {
    const between = await relay(gateway, async () => new Response("<h1>Bad Gateway</h1>", { status: 502 }));
    expect((await world.run("apply", "--url", between)).errors).toBe(
      `What answered, with status 502, is no gateway: ${UNKNOWN}`,
    );
    await expectDoneByAnotherRun();
  });

  test("says so when the gateway's store does not answer it", async () => {
    const proxy = await TcpProxy.to(Number(new URL(sharedRedisUrl()).port));
    onTestFinished(() => proxy.close());
    // Nobody inherits it, so that the gateway gives it no more time than any write.
    world.declare({ "leaf/phones.json": { a: 2 } });
    const origin = await world.startGateway({ STRATA_STORE: `redis://127.0.0.1:${proxy.port}` });
    proxy.whenSent(FUNCTIONS.commit, () => proxy.dropReplies(true));
    const { errors } = await world.run("apply", "--url", origin);
    expect(errors).toBe(`The store did not answer the gateway in time: ${UNKNOWN}`);
    proxy.dropReplies(false);
    await expectDoneByAnotherRun([0, 0, 2]);
  });

  test("does not follow to another address: neither the token nor the write goes there", async () => {
    const seen: string[] = [];
    const elsewhere = await listening((request, response) => {
      seen.push(request.headers.authorization ?? "none");
      response.end("{}");
    });
    const between = await relay(
      gateway,
      async () => new Response(null, { status: 307, headers: { location: elsewhere } }),
    );
    expect((await world.run("apply", "--url", between)).errors).toBe(
      `The gateway did not answer: ${UNKNOWN}`,
    );
    expect(seen).toEqual([]);
  });
});
