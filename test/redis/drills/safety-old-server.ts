import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { RedisServer } from "../redis-server.js";

const HOST = "127.0.0.1";

/** As far as a client can tell, a Redis 6: it says so, and has no functions. Gone with the test. */
export async function startOldServer(): Promise<{ readonly url: string }> {
  const server = await RedisServer.start(
    Object.fromEntries(["FUNCTION", "FCALL", "FCALL_RO"].map((name) => [`rename-command ${name}`, '""'])),
  );
  const sockets: Socket[] = [];
  const disguise = createServer((client) => {
    const real = connect(server.port, HOST);
    sockets.push(client, real);
    for (const socket of [client, real]) socket.on("error", () => undefined);
    client.pipe(real);
    real.on("data", (bytes) => {
      // As long as before: the answer has said how long it is.
      client.write(bytes.toString("latin1").replace(/redis_version:\d\./, "redis_version:6."), "latin1");
    });
    client.on("close", () => real.destroy());
    real.on("close", () => client.destroy());
  });
  await once(disguise.listen(0, HOST), "listening");
  onTestFinished(async () => {
    disguise.close();
    for (const socket of sockets) socket.destroy();
    await server.stop();
  });
  const address = disguise.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return { url: `redis://${HOST}:${address.port}` };
}
