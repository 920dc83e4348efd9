import type { Store } from "./store.js";

export interface WatchedStore {
  readonly store: Store;
  /** How often anything was asked of it so far. */
  readonly calls: () => number;
}

/**
 * The same store, counting its calls. Requests' readers get the store itself, everything else gets the watched one: so a
 * request can tell that, while it ran, nothing read the store past its reader.
 */
export function watchStore(store: Store): WatchedStore {
  let calls = 0;
  const watched = new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...given: unknown[]) => {
        calls++;
        return member.apply(target, given);
      };
    },
  });
  return { store: watched, calls: () => calls };
}
