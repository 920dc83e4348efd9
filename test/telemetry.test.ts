import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestApp } from "./graphql/test-app.js";

// As an operator's SDK does before the server is loaded.
const exporter = new InMemorySpanExporter();
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
trace.setGlobalTracerProvider(
  new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
);

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = "00f067aa0ba902b7";
const TRACEPARENT = { traceparent: `00-${TRACE}-${PARENT}-01` };

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.open();
});
afterAll(async () => {
  await app.close();
  // The files after this one share its process.
  trace.disable();
  context.disable();
});

async function spansOf(send: () => Promise<unknown>): Promise<ReadableSpan[]> {
  exporter.reset();
  await send();
  return exporter.getFinishedSpans();
}

/** `name < name of its parent`, sorted. */
function shapeOf(spans: readonly ReadableSpan[]): string[] {
  const names = new Map(spans.map((span) => [span.spanContext().spanId, span.name]));
  return spans
    .map(({ name, parentSpanContext }) => `${name} < ${names.get(parentSpanContext?.spanId ?? "")}`)
    .sort();
}

const requestSpan = (spans: readonly ReadableSpan[]) => spans.find(({ kind }) => kind === 1);

test("a query has spans for request, preparation, execution and store, in the caller's trace", async () => {
  const query = 'query Mine { config(accountId: "acme", configId: "conferences") { etag values } }';
  const spans = await spansOf(() => app.client.post({ query }, TRACEPARENT));
  const shape = shapeOf(spans);
  expect(shape).toContain("POST /graphql < undefined");
  expect(shape).toContain("graphql.prepare < POST /graphql");
  expect(shape).toContain("graphql.execute < POST /graphql");
  expect(shape.some((one) => /^store \w+ < graphql\.execute$/.test(one))).toBe(true);
  expect(new Set(spans.map((span) => span.spanContext().traceId))).toEqual(new Set([TRACE]));
  const root = requestSpan(spans);
  expect(root?.parentSpanContext?.spanId).toBe(PARENT);
  expect(root?.attributes).toMatchObject({
    "http.request.method": "POST",
    "http.route": "/graphql",
    "http.response.status_code": 200,
    "url.path": "/graphql",
    "graphql.operation.type": "query",
    "graphql.operation.name": "Mine",
  });
});

test("a response out of the cache has the same spans but for the store's", async () => {
  const query = 'query Often { config(accountId: "acme", configId: "conferences") { id etag } }';
  const shapes: string[][] = [];
  const attributes: unknown[] = [];
  for (let i = 0; i < 6; i++) {
    const spans = await spansOf(() => app.client.post({ query }));
    shapes.push(shapeOf(spans).filter((one) => !one.startsWith("store")));
    attributes.push(requestSpan(spans)?.attributes);
  }
  for (const shape of shapes) expect(shape).toEqual(shapes[0]);
  for (const each of attributes) expect(each).toEqual(attributes[0]);
});

test("a write has a span for its commit, on both faces", async () => {
  const mutation =
    'mutation { patchConfig(input: { accountId: "acme", configId: "conferences", patch: { pin_timeout: 4321 } }) { __typename } }';
  expect(shapeOf(await spansOf(() => app.client.post({ query: mutation })))).toContain(
    "commit < graphql.execute",
  );
  const patched = await spansOf(() =>
    app.app.inject({
      method: "PATCH",
      url: "/v2/accounts/acme/configs/conferences",
      headers: { host: "127.0.0.1" },
      payload: { data: { pin_timeout: 1234 } },
    }),
  );
  const route = "PATCH /v2/accounts/:account_id/configs/:config_id";
  expect(shapeOf(patched)).toContain(`commit < ${route}`);
  expect(requestSpan(patched)?.attributes).toMatchObject({ "http.response.status_code": 200 });
});

test("no span holds what the caller sent", async () => {
  const query = `query ($c: ID!) { config(accountId: "hunter2", configId: $c) { etag } }`;
  const spans = await spansOf(() => app.client.post({ query, variables: { c: "hunter3" } }));
  expect(
    JSON.stringify(spans.map(({ name, attributes, events, status }) => [name, attributes, events, status])),
  ).not.toContain("hunter");
});

test("the log has the trace's id, also where the caller sent none", async () => {
  const before = app.log.length;
  const spans = await spansOf(() => app.client.post({ query: "{ __typename }" }));
  const line = app.log
    .slice(before)
    .map((text) => JSON.parse(text))
    .find(({ msg }) => msg === "request");
  expect(line.trace_id).toBe(requestSpan(spans)?.spanContext().traceId);
});

test("the metrics say which release runs, on which Node", async () => {
  const { body } = await app.app.inject({ url: "/metrics", headers: { host: "127.0.0.1" } });
  expect(body).toContain(`strata_build_info{version="0.1.0",node_version="${process.version}"} 1`);
});
