import { Counter, Gauge, type Registry } from "prom-client";
import type { LiveNotices } from "../../service/live/live-configs.js";
import { Histogram } from "./histogram.js";

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What the metrics say of live updates. */
export function createLiveMetrics(registers: Registry[]): Required<LiveNotices> {
  const subscribers = new Gauge({
    name: "strata_live_subscribers",
    help: "Subscriptions to configs that are open.",
    registers,
  });
  const messages = new Counter({
    name: "strata_live_messages_total",
    help: "Messages to subscribers, by their kind.",
    labelNames: ["kind"],
    registers,
  });
  const resumes = new Counter({
    name: "strata_live_resumes_total",
    help: "Subscriptions that went on from a cursor, by what came of it.",
    labelNames: ["outcome"],
    registers,
  });
  const lag = new Histogram({
    name: "strata_live_lag_seconds",
    help: "From a commit to the moment at which all its messages were ready.",
    labelNames: [],
    buckets: SECONDS,
    registers,
  });
  return {
    subscribers: (count) => subscribers.set(count),
    message: (kind) => messages.inc({ kind }),
    resumed: (outcome) => resumes.inc({ outcome: outcome === "nothing missed" ? "nothing_missed" : outcome }),
    lag: (seconds) => lag.observe("", seconds),
  };
}
