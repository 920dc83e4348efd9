import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { TcpProxy } from "./tcp-proxy.js";
import { until } from "./until.js";

const LONG_ENOUGH_MS = 100;

/** Says back what it hears, and keeps it. */
class EchoServer {
  heard = "";
  readonly sockets = new Set<Socket>();
  readonly #server = createServer((socket) => {
    this.sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => this.sockets.delete(socket));
    socket.on("data", (bytes) => {
      this.heard += String(bytes);
      socket.write(bytes);
    });
  });

  async listen(): Promise<number> {
    await once(this.#server.listen(0, "127.0.0.1"), "listening");
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

class Client {
  heard = "";
  isClosed = false;
  readonly socket: Socket;

  constructor(port: number) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.on("data", (bytes) => {
      this.heard += String(bytes);
    });
    this.socket
      .on("error", () => undefined)
      .on("close", () => {
        this.isClosed = true;
      });
    onTestFinished(() => void this.socket.destroy());
  }

  say(text: string): void {
    this.socket.write(text);
  }
}

describe("the proxy", () => {
  let server: EchoServer;
  let proxy: TcpProxy;
  beforeEach(async () => {
    server = new EchoServer();
    proxy = await TcpProxy.to(await server.listen());
  });
  afterEach(() => {
    proxy.close();
    server.close();
  });

  const hears = (client: Client, text: string) =>
    until(`it hears ${text}`, () => client.heard === text, 2_000);
  const pause = () => new Promise((resolve) => setTimeout(resolve, LONG_ENOUGH_MS));

  async function talking(): Promise<Client> {
    const client = new Client(proxy.port);
    client.say("hello ");
    await hears(client, "hello ");
    return client;
  }

  test("passes everything on, also more than fits into a buffer, and the end after it", async () => {
    const client = await talking();
    const much = "0123456789".repeat(1_000_000);
    client.say(much);
    client.socket.end("last");
    await until("the client is done", () => client.isClosed, 5_000);
    expect(client.heard === `hello ${much}last`).toBe(true);
    await until("the server is, too", () => server.sockets.size === 0 && proxy.connections === 0);
  });

  test("cuts the connections there are, on both sides, and takes new ones", async () => {
    const clients = [await talking(), await talking()];
    expect(proxy.connections).toBe(2);
    proxy.cut();
    await until("both are cut", () => clients.every(({ isClosed }) => isClosed) && server.sockets.size === 0);
    expect(proxy.connections).toBe(0);
    await talking();
  });

  test("refuses new connections, keeps those there are, and accepts again at the same port", async () => {
    const old = await talking();
    proxy.refuse();
    const refused = connect(proxy.port, "127.0.0.1");
    expect(await once(refused, "connect").catch(({ code }) => code)).toBe("ECONNREFUSED");
    old.say("still there");
    await hears(old, "hello still there");
    await proxy.accept();
    await proxy.accept();
    await talking();
  });

  test("drops replies, not requests; what is dropped never comes", async () => {
    const client = await talking();
    proxy.dropReplies(true);
    client.say("lost ");
    await until("the server hears it", () => server.heard === "hello lost ");
    await pause();
    expect(client.heard).toBe("hello ");
    proxy.dropReplies(false);
    client.say("back");
    await hears(client, "hello back");
  });

  test("stalls both directions, also for a new connection, and then goes on in order", async () => {
    const old = await talking();
    proxy.stall(true);
    const fresh = new Client(proxy.port);
    fresh.say("fresh");
    for (const word of ["one ", "two ", "three"]) old.say(word);
    for (const socket of server.sockets) socket.write("unasked ");
    await pause();
    expect([server.heard, old.heard, fresh.heard]).toEqual(["hello ", "hello ", ""]);
    expect([old.isClosed, fresh.isClosed]).toEqual([false, false]);
    proxy.stall(false);
    await hears(old, "hello unasked one two three");
    await hears(fresh, "fresh");
  });

  test("keeps an end to itself while it stalls", async () => {
    const client = await talking();
    proxy.stall(true);
    for (const socket of server.sockets) socket.destroy();
    await pause();
    expect(client.isClosed).toBe(false);
    proxy.stall(false);
    await until("the client learns of it", () => client.isClosed);
  });

  test("ends the client's connection when the server is not there", async () => {
    server.close();
    const client = new Client(proxy.port);
    await until("it is closed", () => client.isClosed);
  });

  test("is gone once it is closed", async () => {
    const client = await talking();
    proxy.close();
    await until("the client is cut", () => client.isClosed);
    const late = connect(proxy.port, "127.0.0.1");
    expect(await once(late, "connect").catch(({ code }) => code)).toBe("ECONNREFUSED");
  });
});
