import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Below the ports that the kernel hands out to outgoing connections: a client that dials the port of a server that is down
 * could otherwise be given that same port, and find itself connected to itself. And low enough that the cluster bus, 10,000
 * above, is there too.
 */
const FIRST = 10_240;
const END = 22_768;
const TRIES = 50;

/** A port of 127.0.0.1 on which nobody listens right now. Somebody may, a moment later. */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < TRIES; tried++) {
    const port = FIRST + Math.floor(Math.random() * (END - FIRST));
    if (await isFree(port)) return port;
  }
  throw new Error(`${TRIES} ports between ${FIRST} and ${END} are all in use`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
