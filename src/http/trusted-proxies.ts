import { isIP } from "node:net";
import proxyAddr from "@fastify/proxy-addr";

/** Proxies in front whose `X-Forwarded-*` headers count: how many in a row, or their addresses and networks. */
export type TrustedProxies = number | readonly string[];

/**
 * @param text "off", a count, or a list
 * @returns undefined: nobody is trusted
 */
export function readTrustedProxies(
  text: string,
  refusal: (message: string) => never,
): TrustedProxies | undefined {
  if (text === "off") return undefined;
  if (/^[1-9]\d?$/.test(text)) return Number(text);
  const proxies = listed(text);
  // The package reads 10.1 as 10.0.0.1.
  const isSpelled = proxies.every((proxy) => PROXY_NAMES.has(proxy) || isIP(proxy.split("/", 1).join()) > 0);
  try {
    if (isSpelled) proxyAddr.compile(proxies);
    if (isSpelled && proxies.length > 0) return proxies;
  } catch {
    // Told below.
  }
  return refusal(
    'must be "off", how many proxies are in front (1 to 99), or their addresses and networks, separated by commas: ' +
      "10.0.0.0/8, 2001:db8::1, or loopback, linklocal, uniquelocal",
  );
}

const PROXY_NAMES: ReadonlySet<string> = new Set(["loopback", "linklocal", "uniquelocal"]);

/** The items of a list with commas. */
export function listed(text: string): string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}
