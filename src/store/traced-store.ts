import { withSpan } from "../telemetry/spans.js";
import type { Store } from "./store.js";

type Call = (...given: unknown[]) => Promise<unknown>;

/** What of a store is answered from memory, or is no part of a request. */
const UNTRACED: ReadonlySet<PropertyKey> = new Set<keyof Store>([
  "isStillAt",
  "follow",
  "writeObstacle",
  "probeWrites",
  "close",
]);

/** The same store, with a span for each call. */
export function traceStore(store: Store, system: "lmdb" | "redis"): Store {
  return new Proxy(store, {
    get: (target, name: keyof Store) => {
      const method = (target[name] as Call).bind(target);
      if (UNTRACED.has(name)) return method;
      const attributes = { "db.system.name": system, "db.operation.name": name };
      const span = name === "commit" ? "commit" : `store ${name}`;
      return (...given: unknown[]) => withSpan(span, attributes, () => method(...given));
    },
  });
}
