import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import proxyAddr from "@fastify/proxy-addr";
import { isHost } from "./request-refusal.js";
import type { TrustedProxies } from "./trusted-proxies.js";

const BARE_IPV4 = /^[\d.]+$/;

/** Who sent a request, and what the client calls this server. */
export interface Client {
  readonly address: string;
  /** Scheme and host, e.g. `https://strata.example`. */
  readonly origin: string;
}

/** The one function that says so, for every face, the rate limit and the log. */
export type ReadClient = (request: IncomingMessage) => Client;

/** @param trusted undefined: nobody is believed who says to speak for others */
export function createReadClient(trusted: TrustedProxies | undefined): ReadClient {
  if (trusted === undefined) return peerOf;
  const clients = new WeakMap<IncomingMessage, Client>();
  const read = createReadForwarded(trusted);
  return (request) => {
    const known = clients.get(request);
    if (known !== undefined) return known;
    const client = read(request);
    clients.set(request, client);
    return client;
  };
}

/** To be asked first while the socket is open: Node remembers its address from then on. */
function peerOf({ socket, headers }: IncomingMessage): Client {
  return { address: addressIn(socket.remoteAddress ?? ""), origin: `http://${headers.host ?? ""}` };
}

function createReadForwarded(trusted: TrustedProxies): ReadClient {
  const isTrusted =
    typeof trusted === "number"
      ? (_address: string, hop: number) => hop < trusted
      : proxyAddr.compile([...trusted]);
  return (request) => {
    const peer = peerOf(request);
    if (!isTrusted(peer.address, 0)) return peer;
    const { headers } = request;
    const [address, hops] = farthest(peer.address, itemsOf(headers["x-forwarded-for"]), isTrusted);
    // Each proxy adds one item, so what the outermost trusted one saw is as far from the end as that proxy is from us.
    const scheme = itemFromEnd(headers["x-forwarded-proto"], hops);
    const host = itemFromEnd(headers["x-forwarded-host"], hops);
    return {
      address,
      origin: `${scheme === "https" ? "https" : "http"}://${isHost(host) ? host : (headers.host ?? "")}`,
    };
  };
}

/**
 * From our peer on, each trusted address vouches for the next one. What stands behind the first that is not trusted, or
 * behind something that is no address, anybody may have written.
 * @returns the last address that somebody trusted vouches for, and how many proxies lie before it; at least one does
 */
function farthest(
  peer: string,
  forwarded: readonly string[],
  isTrusted: (address: string, hop: number) => boolean,
): [address: string, hops: number] {
  let [address, hops] = [peer, 0];
  while (isTrusted(address, hops)) {
    const next = addressIn(forwarded.at(-1 - hops) ?? "");
    if (isIP(next) === 0) break;
    address = next;
    hops++;
  }
  return [address, Math.max(1, hops)];
}

function itemFromEnd(header: string | string[] | undefined, distance: number): string {
  const items = itemsOf(header);
  return items[Math.max(0, items.length - distance)] ?? "";
}

function itemsOf(header: string | string[] | undefined): string[] {
  return [header ?? []]
    .flat()
    .join(",")
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/** Without the port that some proxies add; an IPv4 address that came over IPv6 as itself. */
function addressIn(text: string): string {
  if (BARE_IPV4.test(text)) return text;
  const bare = /^\[(.+)\](:\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  const mapped = /^::ffff:([\d.]+)$/i.exec(bare)?.[1];
  return mapped ?? bare.toLowerCase();
}
