import { readFileSync } from "node:fs";
import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { LiveNotices } from "../../service/live/live-configs.js";
import { Histogram } from "./histogram.js";
import { createLiveMetrics } from "./live-metrics.js";

/** Strata's metrics, and where they are read from. Labels come from closed sets: callers cannot add series. */
export interface Metrics {
  readonly registry: Registry;
  /** One GraphQL request, by its root field. */
  request(operation: string, outcome: string, seconds: number): void;
  /** One HTTP request, by the pattern of its route. */
  httpRequest(method: string, route: string, status: number, seconds: number): void;
  storeCall(operation: string, outcome: string, size: number, seconds: number): void;
  mergeLookup(known: boolean): void;
  readonly live: LiveNotices;
  /** A stream that begins (1) or ends (-1), by what it goes over. */
  stream(transport: string, change: 1 | -1): void;
  /** A schema folder is in force. */
  schemas(digest: string, loaded: number, problems: Readonly<Record<"refused" | "ignored", number>>): void;
  schemaReload(outcome: "replaced" | "unchanged" | "refused"): void;
}

/** Node's parser knows three dozen methods; those that no route has are counted as one. */
const METHODS: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
  "none",
]);
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: "strata_graphql_request_duration_seconds",
    help: "GraphQL requests by their root field and by what came of them.",
    labelNames: ["operation", "outcome"],
    buckets: SECONDS,
    registers,
  });
  const httpRequests = new Histogram({
    name: "strata_http_request_duration_seconds",
    help: "HTTP requests by method, route and status.",
    labelNames: ["method", "route", "status"],
    buckets: SECONDS,
    registers,
  });
  const storeCalls = new Histogram({
    name: "strata_store_call_duration_seconds",
    help: "Calls of the store, by operation and by what came of them.",
    labelNames: ["operation", "outcome"],
    buckets: SECONDS,
    registers,
  });
  const batches = new Histogram({
    name: "strata_store_batch_size",
    help: "Accounts or documents asked for in one call of the store.",
    labelNames: ["operation"],
    buckets: [1, 2, 5, 10, 25, 50, 100, 250, 1_000, 5_000],
    registers,
  });
  new Gauge({
    name: "strata_build_info",
    help: "What runs: always 1.",
    labelNames: ["version", "node_version"],
    registers,
  }).set({ version: ownVersion(), node_version: process.version }, 1);
  const merges = new Counter({
    name: "strata_merge_cache_lookups_total",
    help: "Merges needed by reads and writes; a hit was computed before from the very same versions.",
    labelNames: ["outcome"],
    registers,
  });
  const streams = new Gauge({
    name: "strata_streams_open",
    help: "Streams and WebSockets that are open, by what they go over.",
    labelNames: ["transport"],
    registers,
  });
  return {
    registry,
    stream: (transport, change) => streams.inc({ transport }, change),
    request: (operation, outcome, seconds) => requests.observe(`${operation}\n${outcome}`, seconds),
    httpRequest: (method, route, status, seconds) =>
      httpRequests.observe(`${METHODS.has(method) ? method : "other"}\n${route}\n${status}`, seconds),
    storeCall(operation, outcome, size, seconds) {
      storeCalls.observe(`${operation}\n${outcome}`, seconds);
      batches.observe(operation, size);
    },
    mergeLookup: (known) => merges.inc({ outcome: known ? "hit" : "miss" }),
    live: createLiveMetrics(registers),
    ...createSchemaMetrics(registers),
  };
}

/** As far from here in `src` as in `dist`. */
const PACKAGE = new URL("../../../package.json", import.meta.url);

function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(PACKAGE, "utf8")) as { readonly version: string };
  return version;
}

function createSchemaMetrics(registers: Registry[]): Pick<Metrics, "schemas" | "schemaReload"> {
  const info = new Gauge({
    name: "strata_schemas_info",
    help: "The schema folder in force, by its digest: always 1.",
    labelNames: ["digest"],
    registers,
  });
  const configs = new Gauge({
    name: "strata_schemas_loaded",
    help: "Configs with a schema in use.",
    registers,
  });
  const problems = new Gauge({
    name: "strata_schema_problems",
    help: "Problems found in the schema folder: files refused, or parts of files ignored.",
    labelNames: ["consequence"],
    registers,
  });
  const reloads = new Counter({
    name: "strata_schema_reloads_total",
    help: "Reloads of the schema folder, by what came of them.",
    labelNames: ["outcome"],
    registers,
  });
  const last = new Gauge({
    name: "strata_schema_last_reload_successful",
    help: "0 where the last reload of the schema folder was refused: an older state of it is in force.",
    registers,
  });
  for (const outcome of ["replaced", "unchanged", "refused"]) reloads.inc({ outcome }, 0);
  last.set(1);
  return {
    schemas(digest, loaded, found) {
      info.reset();
      info.set({ digest }, 1);
      configs.set(loaded);
      for (const [consequence, number] of Object.entries(found)) problems.set({ consequence }, number);
    },
    schemaReload(outcome) {
      reloads.inc({ outcome });
      last.set(outcome === "refused" ? 0 : 1);
    },
  };
}
