import { useSyncExternalStore } from "react";
import { parseRoute, type Route, readable } from "./route.js";

export interface Whereabouts {
  readonly route: Route;
  readonly search: URLSearchParams;
}

const listeners = new Set<() => void>();
let href = "";
let current: Whereabouts = { route: { screen: "home" }, search: new URLSearchParams() };

function read(): Whereabouts {
  if (href !== location.href) {
    href = location.href;
    current = { route: parseRoute(location.pathname), search: new URLSearchParams(location.search) };
  }
  return current;
}

function announce(): void {
  for (const listener of [...listeners]) listener();
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) addEventListener("popstate", announce);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) removeEventListener("popstate", announce);
  };
}

export function useWhereabouts(): Whereabouts {
  return useSyncExternalStore(subscribe, read);
}

export function navigate(to: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, "", to);
  else history.pushState(null, "", to);
  announce();
}

/** Changes parameters of the address, and stays where one is. Null or empty takes one away. */
export function setParameters(
  changes: Readonly<Record<string, string | null>>,
  { replace = true } = {},
): void {
  const search = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") search.delete(name);
    else search.set(name, value);
  }
  const query = [...search].map(([name, value]) => `${name}=${readable(value)}`).join("&");
  navigate(`${location.pathname}${query && `?${query}`}`, { replace });
}
