import { readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { federateSubgraphs } from "@wundergraph/composition";
import { buildASTSchema, execute, parse } from "graphql";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { compose, createGateway } from "./docs/supergraph.js";
import { openStrata } from "./strata.js";

const strata = openStrata({ STRATA_FEDERATION: "on" });
const BILLING = readFileSync(new URL("docs/billing.graphql", import.meta.url), "utf8");
/** As much of the specification as a subgraph serves besides its own SDL. */
const FEDERATION = `
  scalar _Any
  union _Entity = Account
  type _Service { sdl: String! }
  extend type Query { _service: _Service!, _entities(representations: [_Any!]!): [_Entity]! }`;

const ACCOUNTS = ["acme", "globex", "initech", "nobody"];
let subgraphs: { name: string; url: string; sdl: string }[];
beforeAll(async () => {
  const answer = await post(strata.url, "{ _service { sdl } }", await strata.token("acme"));
  const service = answer.data?._service as { readonly sdl: string } | undefined;
  const sdl = service?.sdl ?? "";
  subgraphs = [
    { name: "strata", url: strata.url, sdl },
    { name: "billing", url: "http://127.0.0.1:1/graphql", sdl: BILLING },
  ];
});

interface Answer {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly { readonly message: string }[];
}

async function post(url: string, query: string, token: string): Promise<Answer> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ query }),
  });
  return response.json();
}

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
}

/** Another team's subgraph, with an invoice for each account. */
function billing(): RequestListener {
  const account = (id: string) => ({ __typename: "Account", id, balance: id.length });
  const rootValue = {
    invoices: ACCOUNTS.map((id) => ({ id: `invoice of ${id}`, account: account(id) })),
    _entities: ({ representations }: { representations: { id: string }[] }) =>
      representations.map(({ id }) => account(id)),
  };
  const schema = buildASTSchema(parse(BILLING.replace(/^extend schema.*$/m, "") + FEDERATION), {
    assumeValidSDL: true,
  });
  return async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { query, variables } = JSON.parse(Buffer.concat(chunks).toString()) as {
      query: string;
      variables?: Record<string, unknown>;
    };
    const result = await execute({ schema, document: parse(query), variableValues: variables, rootValue });
    response.setHeader("content-type", "application/json").end(JSON.stringify(result));
  };
}

describe("Strata's subgraph is composed with another one", () => {
  test("by The Guild's composer", () => {
    const supergraph = compose(subgraphs);
    expect(supergraph).toMatch(/type Account .*@join__type\(graph: STRATA, key: "id"\)/s);
    expect(supergraph).toMatch(/type Account .*@join__type\(graph: BILLING, key: "id"\)/s);
  });

  test("by WunderGraph's composer", () => {
    const result = federateSubgraphs({
      subgraphs: subgraphs.map(({ name, url, sdl: text }) => ({ name, url, definitions: parse(text) })),
      version: "1",
    });
    expect(result.success ? [] : result.errors).toEqual([]);
  });

  test("that pages like Relay as well", () => {
    const pages = `${BILLING}
      type Query { payments: PaymentConnection! }
      type PaymentConnection { pageInfo: PageInfo! }
      type PageInfo @shareable { hasNextPage: Boolean!, hasPreviousPage: Boolean!, startCursor: String, endCursor: String }`;
    const text = pages
      .replace(/type Query \{\s+invoices.*?\}/s, "")
      .replace('["@key"]', '["@key", "@shareable"]');
    expect(
      compose([...subgraphs.slice(0, 1), { name: "payments", url: "http://127.0.0.1:1", sdl: text }]),
    ).toContain("PaymentConnection");
  });
});

describe("Hive Gateway", () => {
  const QUERY = `{
    invoices { id account { id name balance config(configId: "conferences") { id value(at: "/pin_timeout") } } }
    account(id: "acme") { name balance }
  }`;

  test("asks Strata for the entities of another subgraph, with the caller's token", async () => {
    const url = await listen(billing());
    const supergraph = compose(subgraphs.map((each) => (each.name === "billing" ? { ...each, url } : each)));
    const gateway = createGateway(supergraph);
    onTestFinished(async () => void (await gateway.dispose()));
    const at = await listen(gateway);
    const answer = await post(at, QUERY, await strata.token("summit"));
    const invoice = (id: string, name: string, value: number) => ({
      id: `invoice of ${id}`,
      account: { id, name, balance: id.length, config: { id: `${id}/conferences`, value } },
    });
    const unknown = (id: string) => ({ id: `invoice of ${id}`, account: null });
    expect(answer.data).toEqual({
      account: { name: "Acme Industries", balance: 4 },
      invoices: [
        invoice("acme", "Acme Industries", 3000),
        invoice("globex", "Globex Trading", 7500),
        // Of another reseller, and of nobody.
        unknown("initech"),
        unknown("nobody"),
      ],
    });
  });
});
