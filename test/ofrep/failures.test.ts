import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { OPEN_PRINCIPAL } from "../../src/auth/principal.js";
import { createHttpServer } from "../../src/http/http-server.js";
import { createMetrics } from "../../src/http/metrics/metrics.js";
import { createResponseHeaders } from "../../src/http/response-headers.js";
import { BulkCache } from "../../src/ofrep/bulk-cache.js";
import { createOfrepFace } from "../../src/ofrep/ofrep-face.js";
import { LiveConfigs } from "../../src/service/live/live-configs.js";
import { createRequestReader } from "../../src/service/read/request-reader.js";
import { observeStore } from "../../src/store/observed-store.js";
import type { Store } from "../../src/store/store.js";
import { TestApp } from "../graphql/test-app.js";
import { testStreams } from "../rest/test-streams.js";
import { Services, SHIPPED_SCHEMAS } from "../service/services.js";
import { alteredStore } from "../store/altered-store.js";
import { openTestStore } from "../store/test-store.js";
import { askFlags } from "./ask-flags.js";

const LOOPBACK = { host: "127.0.0.1" };
const LEAF = { context: { targetingKey: "leaf" } };

const PAGE = "https://app.example";

/** The face alone, over services on some store. */
async function openFace(store: Store, services: Services) {
  const { app, readClient, tell, serveFace } = await createHttpServer({
    logger: pino({ level: "silent" }),
    corsOrigins: [],
    loopbackOnly: true,
    metrics: createMetrics(),
    configs: () => 1,
    checkReady: async () => undefined,
  });
  onTestFinished(() => app.close());
  const face = createOfrepFace(app, {
    readClient,
    tell,
    responseHeaders: createResponseHeaders({ corsOrigins: [PAGE] }),
    loopbackOnly: true,
    identify: async () => OPEN_PRINCIPAL,
    createContext: (principal) => ({
      principal,
      configs: services.configs,
      reader: createRequestReader(store, OPEN_PRINCIPAL),
    }),
    count: async () => {},
    live: new LiveConfigs({
      store,
      openConfigs: () => services.configs,
      createReader: (principal) => createRequestReader(store, principal),
      now: () => new Date(),
    }),
    streams: testStreams(),
    signing: { isOffered: true, tickets: undefined, id: "" },
    cache: new BulkCache({ bytes: 2 ** 20, store, schemaDigest: () => services.configs.schemaDigest }),
    originOf: () => "http://127.0.0.1",
    now: () => new Date(),
  });
  serveFace(face);
  return app;
}

async function openStore(): Promise<{ store: Store; services: Services }> {
  const store = await openTestStore();
  onTestFinished(() => store.close());
  const services = new Services(store, SHIPPED_SCHEMAS);
  await services.tree(["root"], ["leaf", "root"]);
  return { store, services };
}

test("a store that cannot answer is 503, and says when to ask again", async () => {
  const { store, services } = await openStore();
  const fail = () => Promise.reject(new Error("the disk of 10.0.0.1 is gone"));
  const app = await openFace(alteredStore(store, { layers: fail, versions: fail, lineages: fail }), services);
  for (const path of ["", "/fax"]) {
    const { status, headers, body, text } = await askFlags(app, path, LEAF, { ...LOOPBACK, origin: PAGE });
    expect([status, headers["retry-after"], body.errorCode]).toEqual([503, "1", "GENERAL"]);
    expect(headers).toMatchObject({ "access-control-allow-origin": PAGE });
    expect(headers["access-control-expose-headers"]).toContain("Retry-After");
    expect(text).not.toContain("10.0.0.1");
  }
});

test("an error of our own is 500, and names nothing but the line of the log", async () => {
  const { store, services } = await openStore();
  const broken = () => {
    throw new Error("a secret");
  };
  const app = await openFace(alteredStore(store, { layers: broken, versions: broken }), services);
  for (const path of ["", "/fax"]) {
    const asked = { ...LOOPBACK, origin: PAGE, "x-request-id": "r1" };
    const { status, headers, body, text } = await askFlags(app, path, LEAF, asked);
    expect(headers).toMatchObject({ "access-control-allow-origin": PAGE });
    expect([status, body.errorCode, body.errorDetails]).toEqual([
      500,
      "GENERAL",
      "Something went wrong on our side. Incident r1.",
    ]);
    expect(text).not.toContain("secret");
  }
});

test("a caller over the limit is told in seconds when to come back", async () => {
  const { app } = await TestApp.forTest(undefined, { rateLimit: 2 });
  const body = { context: { targetingKey: "acme" } };
  const answers = [];
  for (let i = 0; i < 4; i++) answers.push(await askFlags(app, i % 2 ? "" : "/fax", body, LOOPBACK));
  const [refused] = answers.filter(({ status }) => status === 429);
  expect(refused?.headers["retry-after"]).toBe("1");
  expect(refused?.body).toMatchObject({ errorCode: "GENERAL", errorDetails: expect.any(String) });
});

test("what the server refuses for all faces is spelled as the protocol does", async () => {
  const { app } = await TestApp.forTest();
  const { status, body } = await askFlags(app, "/fax", {}, { host: "strata.example" });
  expect([status, body]).toEqual([
    421,
    { key: "fax", errorCode: "GENERAL", errorDetails: expect.any(String) },
  ]);
});

test("all flags are read in one store call, and no documents once the merges are known", async () => {
  const calls: string[] = [];
  const { store, services } = await openStore();
  const bodies: string[] = [];
  const seen = alteredStore(
    observeStore(store, ({ operation }) => calls.push(operation)),
    {},
  );
  const watched = alteredStore(seen, {
    layers: (targets, wanted) => {
      bodies.push(wanted);
      return seen.layers(targets, wanted);
    },
  });
  const app = await openFace(watched, services);
  // The first read fetches all; a merge is kept for good when it comes again.
  for (let i = 0; i < 3; i++) await askFlags(app, "", LEAF, LOOPBACK);
  const known = String((await askFlags(app, "", LEAF, LOOPBACK)).headers.etag);
  calls.length = 0;
  bodies.length = 0;
  // Of some of the configs there is no answer in the cache.
  expect((await askFlags(app, "?configs=fax,conferences", LEAF, LOOPBACK)).status).toBe(200);
  expect([calls, bodies.includes("all")]).toEqual([["layers"], false]);
  calls.length = 0;
  const again = await askFlags(app, "", LEAF, { ...LOOPBACK, "if-none-match": known });
  expect([again.status, calls]).toEqual([304, []]);
});

test("a config that nobody has is refused before anything is read, however many are named", async () => {
  const calls: string[] = [];
  const { store, services } = await openStore();
  const app = await openFace(
    observeStore(store, ({ operation }) => calls.push(operation)),
    services,
  );
  const ids = Array.from({ length: 1_000 }, (_, index) => `c${index}`);
  const { status, body } = await askFlags(app, `?configs=fax,${ids.join()}`, LEAF, LOOPBACK);
  expect([status, body.errorCode, body.errorDetails, calls]).toEqual([
    400,
    "GENERAL",
    expect.stringContaining('There is no config "c0"'),
    [],
  ]);
});
