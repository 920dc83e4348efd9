import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { isGraphqlUrl } from "./graphql-url.js";

/** Takes a connection that becomes a WebSocket. */
export type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Hands WebSockets of the GraphQL endpoint to a listener. A client that asks for anything else gets HTTP, as if it had not asked. */
export function takeUpgrades(server: Server, listener: () => UpgradeListener | undefined): void {
  server.on("upgrade", (request, socket, head) => {
    const taken = isGraphqlUrl(request.url ?? "") && isWebSocket(request) ? listener() : undefined;
    if (taken === undefined) serveWithoutUpgrade(server, request, socket, head);
    else taken(request, socket, head);
  });
}

function isWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === "websocket";
}

/**
 * Node takes every request with an `Upgrade` off its connection as soon as somebody listens for them; some clients ask for HTTP/2 with
 * each of their first requests. Such a request is put back as it came, without the word that asks for the upgrade.
 */
function serveWithoutUpgrade(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { method, url, httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? "";
    const value = rawHeaders[at + 1] ?? "";
    lines.push(`${name}: ${name.toLowerCase() === "connection" ? withoutUpgrade(value) : value}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), head]));
  server.emit("connection", socket);
}

function withoutUpgrade(connection: string): string {
  return connection
    .split(",")
    .filter((option) => option.trim().toLowerCase() !== "upgrade")
    .join(",");
}
