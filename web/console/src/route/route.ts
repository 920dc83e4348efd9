import type { Place } from "../config/place.js";

export type ConfigTab = "fields" | "history" | "compare";

export type Route =
  | { readonly screen: "home" }
  | { readonly screen: "account"; readonly accountId: string }
  | { readonly screen: "system" }
  | { readonly screen: "config"; readonly place: Place; readonly tab: ConfigTab }
  | { readonly screen: "unknown" };

const BASE = "/console";
const TABS: readonly ConfigTab[] = ["fields", "history", "compare"];

export function parseRoute(path: string): Route {
  const names = decoded(path);
  if (names === undefined || names.shift() !== BASE.slice(1)) return { screen: "unknown" };
  const [area, ...rest] = names;
  if (area === undefined) return { screen: "home" };
  if (area === "system") return inside(null, rest) ?? { screen: "unknown" };
  const [accountId, ...below] = rest;
  if (area !== "accounts" || accountId === undefined) return { screen: "unknown" };
  return inside(accountId, below) ?? { screen: "unknown" };
}

function inside(accountId: string | null, names: readonly string[]): Route | undefined {
  const [configs, configId, tab = "fields", ...more] = names;
  if (configs === undefined)
    return accountId === null ? { screen: "system" } : { screen: "account", accountId };
  if (configs !== "configs" || configId === undefined || more.length > 0) return undefined;
  const known = TABS.find((name) => name === tab);
  return known && { screen: "config", place: { accountId, configId }, tab: known };
}

function decoded(path: string): string[] | undefined {
  try {
    return path.split("/").filter(Boolean).map(decodeURIComponent);
  } catch {
    // A lone percent sign.
    return undefined;
  }
}

export interface Parameters {
  readonly at?: string | undefined;
  readonly asOf?: string | undefined;
  readonly with?: string | undefined;
}

export function accountHref(accountId: string | null, parameters?: Parameters): string {
  const path = accountId === null ? "system" : `accounts/${encodeURIComponent(accountId)}`;
  return `${BASE}/${path}${queryOf(parameters)}`;
}

export function configHref(place: Place, tab: ConfigTab = "fields", parameters?: Parameters): string {
  const config = `${accountHref(place.accountId)}/configs/${encodeURIComponent(place.configId)}`;
  return `${config}${tab === "fields" ? "" : `/${tab}`}${queryOf(parameters)}`;
}

/** Slashes stay readable: a pointer in the address bar looks like one. */
function queryOf(parameters: Parameters = {}): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== "");
  if (given.length === 0) return "";
  return `?${given.map(([name, value]) => `${name}=${readable(String(value))}`).join("&")}`;
}

export function readable(value: string): string {
  return encodeURIComponent(value).replaceAll("%2F", "/").replaceAll("%3A", ":");
}
