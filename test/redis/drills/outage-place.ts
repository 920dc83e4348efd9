import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { RedisServer } from "../redis-server.js";
import { TcpProxy } from "../tcp-proxy.js";

/** A Redis and the network before it. */
export interface Place {
  readonly server: RedisServer;
  readonly proxy: TcpProxy;
  close(): Promise<void>;
}

export async function openPlace(): Promise<Place> {
  const server = await RedisServer.start();
  const proxy = await TcpProxy.to(server.port);
  const close = async () => {
    await proxy.close();
    await server.stop();
  };
  return { server, proxy, close };
}

/** One that is gone with the test. */
export async function openPlaceForTest(): Promise<Place> {
  const place = await openPlace();
  onTestFinished(() => place.close());
  return place;
}

export interface Outage {
  readonly begin: (place: Place) => Promise<void>;
  readonly end: (place: Place) => Promise<void>;
}

/** By what ends the sentence "while Redis ...". */
export const OUTAGES: readonly (readonly [what: string, outage: Outage])[] = [
  ["is not running", { begin: ({ server }) => server.kill(), end: ({ server }) => server.restart() }],
  [
    "is paused",
    {
      begin: async ({ server }) => server.pause(),
      end: async ({ server }) => server.resume(),
    },
  ],
  [
    "refuses connections",
    {
      begin: async ({ proxy }) => {
        proxy.refuse();
        proxy.cut();
      },
      end: ({ proxy }) => proxy.accept(),
    },
  ],
  [
    "is behind a network that stands still",
    {
      begin: async ({ proxy }) => proxy.stall(true),
      end: async ({ proxy }) => proxy.stall(false),
    },
  ],
  [
    "is behind a network that loses its answers",
    {
      begin: async ({ proxy }) => proxy.dropReplies(true),
      // An answer that is lost is never followed by another one on the same connection.
      end: async ({ proxy }) => {
        proxy.cut();
        proxy.dropReplies(false);
      },
    },
  ],
  [
    "is behind a network that forgets connections without a word",
    {
      begin: async ({ proxy }) => {
        proxy.refuse();
        proxy.stall(true);
      },
      end: relayNewOnes,
    },
  ],
];

/** Only those connections get through that are made from now on. */
async function relayNewOnes({ server, proxy }: Place): Promise<void> {
  const sockets: Socket[] = [];
  const relay = createServer((client) => {
    const real = connect(server.port, "127.0.0.1");
    sockets.push(client, real);
    for (const socket of [client, real]) socket.on("error", () => undefined);
    client.pipe(real).pipe(client);
  });
  onTestFinished(() => {
    relay.close();
    for (const socket of sockets) socket.destroy();
  });
  await once(relay.listen(proxy.port, "127.0.0.1"), "listening");
}

/** Long enough for every call that was under way to have failed, and for those after it to find no connection. */
export const OUTAGE_MS = Number(process.env.STRATA_OUTAGE_MS ?? 1_600);
export const BACK_WITHIN_MS = 3_000;
