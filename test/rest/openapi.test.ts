import { Ajv2020 } from "ajv/dist/2020.js";
import Fastify from "fastify";
import { describe, expect, test } from "vitest";
import { OPEN_PRINCIPAL } from "../../src/auth/principal.js";
import type { JsonObject } from "../../src/domain/json/json.js";
import { CONFIG_ROUTES } from "../../src/rest/config-routes.js";
import { openapiDocument } from "../../src/rest/openapi/openapi-document.js";
import { addRestFace } from "../../src/rest/rest-face.js";
import type { RestRoute } from "../../src/rest/route.js";
import { OPEN_SCHEMAS } from "../service/services.js";
import { schemaFolder } from "../temporary-folder.js";
import { openRestApp } from "./rest-app.js";
import { testStreams } from "./test-streams.js";

interface Operation {
  readonly operationId: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly { name: string; in: string; required: boolean; schema: JsonObject }[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Record<string, { schema: JsonObject }>;
  };
  readonly responses: Readonly<Record<string, { content?: Record<string, { schema: JsonObject }> }>>;
}
interface Document {
  readonly openapi: string;
  readonly servers: readonly { url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonObject>>;
    readonly securitySchemes: Readonly<Record<string, JsonObject>>;
  };
}

async function served(): Promise<Document> {
  const { app } = await openRestApp(schemaFolder(OPEN_SCHEMAS));
  return (await app.inject("/v2/openapi.json")).json();
}

/** Every route that fastify really has, aliases left out, with the schemas that it holds requests to. */
async function registered(): Promise<Map<string, JsonObject>> {
  const routes = new Map<string, JsonObject>();
  const app = Fastify();
  app.addHook("onRoute", ({ method, url, schema, config }) => {
    for (const one of [method].flat()) {
      const isHidden = (config as { isDocumented?: boolean }).isDocumented === false;
      if (one !== "HEAD" && !isHidden && !/\*$|^\/v2$/.test(url))
        routes.set(`${one} ${url}`, (schema ?? {}) as JsonObject);
    }
  });
  await addRestFace(app, {
    createContext: () => {
      throw new Error("nobody asks");
    },
    identify: async () => OPEN_PRINCIPAL,
    originOf: () => "",
    streams: testStreams(),
    readJson: () => ({}),
    corsOrigins: [],
    now: () => new Date(),
  });
  await app.ready();
  return routes;
}

/** Everything in which a document and the registered routes differ. */
function disagreements({ paths, servers }: Document, routes: ReadonlyMap<string, JsonObject>): string[] {
  const found: string[] = [];
  const documented = new Map<string, Operation>(
    Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => {
        const url = `${servers[0]?.url}${path.replace(/\{([^}]+)\}/g, ":$1")}`;
        return [`${method.toUpperCase()} ${url}`, operation] as const;
      }),
    ),
  );
  for (const name of routes.keys()) if (!documented.has(name)) found.push(`${name} is not documented`);
  for (const [name, operation] of documented) {
    const schema = routes.get(name);
    if (schema === undefined) found.push(`${name} is no route`);
    else if (JSON.stringify(requestOf(operation)) !== JSON.stringify(sorted(schema))) {
      found.push(`${name}: requests are held to something else`);
    }
  }
  return found;
}

/** What the document says of a request, put together as the routes have it. */
function requestOf({ parameters = [], requestBody }: Operation): unknown {
  const part = (place: string) => {
    const own = parameters.filter((parameter) => parameter.in === place);
    if (own.length === 0) return undefined;
    const required = own.flatMap(({ name, required }) => (required ? [name] : []));
    return {
      type: "object",
      properties: Object.fromEntries(own.map(({ name, schema }) => [name, schema])),
      ...(required.length > 0 && { required }),
    };
  };
  const body = requestBody?.content["application/json"]?.schema;
  return sorted({ params: part("path"), querystring: part("query"), headers: part("header"), body });
}

/** One order of keys, and no prose: a parameter has its description beside its schema. */
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const kept = Object.entries(value).filter(([key, item]) => key !== "description" && item !== undefined);
  return Object.fromEntries(
    kept.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sorted(item)]),
  );
}

describe("the OpenAPI document", () => {
  test("says what the routes are, and what they hold requests to", async () => {
    const routes = await registered();
    expect(routes.size).toBe(8);
    expect(disagreements(await served(), routes)).toEqual([]);
  });

  test("would be caught disagreeing", async () => {
    const routes = await registered();
    const [first, ...rest] = CONFIG_ROUTES as [RestRoute, ...RestRoute[]];
    const document = (table: readonly RestRoute[]) => openapiDocument(table, "1") as unknown as Document;
    const own = ["GET /v2/openapi.json is not documented"];
    expect(disagreements(document([first, ...rest]), routes)).toEqual(own);
    expect(disagreements(document(rest), routes)).toHaveLength(2);
    expect(disagreements(document([{ ...first, method: "PUT" }, ...rest]), routes)).toHaveLength(3);
    expect(disagreements(document([{ ...first, path: "/other" }, ...rest]), routes)).toHaveLength(3);
    const { params, ...request } = first.request;
    expect(disagreements(document([{ ...first, request }, ...rest]), routes)).toHaveLength(2);
    const body = { type: "object" };
    expect(
      disagreements(document([{ ...first, request: { ...first.request, body } }, ...rest]), routes),
    ).toHaveLength(2);
  });

  test("is an OpenAPI 3.1 document: ids are unique, parameters in the path are declared, references lead somewhere", async () => {
    const document = await served();
    expect(document.openapi).toBe("3.1.0");
    const operations = Object.entries(document.paths).flatMap(([path, byMethod]) =>
      Object.values(byMethod).map((operation) => ({ path, operation })),
    );
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, operation } of operations) {
      const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
      expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{[^}]+\}/g) ?? []);
      expect(inPath.every(({ required }) => required)).toBe(true);
    }
    for (const [, name = ""] of JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      expect(document.components.schemas).toHaveProperty(name);
    }
    const ajv = new Ajv2020();
    for (const schema of Object.values(document.components.schemas))
      expect(() => ajv.compile(schema)).not.toThrow();
  });

  test("lets a token be shown in either header, where a request takes one, and names the refusals there are then", async () => {
    const { paths, components, tags } = await served();
    expect(components.securitySchemes).toMatchObject({
      bearer: { type: "http", scheme: "bearer" },
      authToken: { type: "apiKey", in: "header", name: "X-Auth-Token" },
    });
    for (const [path, operations] of Object.entries(paths)) {
      const isAboutConfigs = path !== "/openapi.json";
      for (const { security, responses, description, tags: own } of Object.values(operations)) {
        expect(security).toEqual(isAboutConfigs ? [{ bearer: [] }, { authToken: [] }] : []);
        expect(description).not.toBe("");
        expect(tags.map(({ name }) => name)).toEqual(expect.arrayContaining([...own]));
        const refusals = isAboutConfigs ? ["401", "403", "429", "503"] : ["401", "429"];
        expect(Object.keys(responses)).toEqual(expect.arrayContaining(refusals));
      }
    }
  });

  test("has no object that can hold nothing, and no boolean that is text", async () => {
    const closed: string[] = [];
    const look = (value: unknown, path: string): void => {
      if (typeof value !== "object" || value === null) return;
      const { type, properties, additionalProperties, enum: choice } = value as JsonObject;
      if (type === "object" && properties === undefined && additionalProperties === undefined)
        closed.push(path);
      if (Array.isArray(choice) && choice.includes("true")) closed.push(path);
      for (const [name, member] of Object.entries(value)) look(member, `${path}/${name}`);
    };
    look(await served(), "");
    expect(closed).toEqual([]);
  });

  test("is tagged, and saved when known", async () => {
    const { app } = await openRestApp(schemaFolder(OPEN_SCHEMAS));
    const { headers } = await app.inject("/v2/openapi.json");
    const again = await app.inject({
      url: "/v2/openapi.json",
      headers: { "if-none-match": String(headers.etag) },
    });
    expect([again.statusCode, again.payload]).toEqual([304, ""]);
  });
});
