import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { RedisServer } from "./redis/redis-server.js";

const ROOT = new URL("..", import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, ROOT), "utf8");
const dockerfile = read("Dockerfile");
const composition = read("docker-compose.yml");

const SERVICE = z.object({
  image: z.string().optional(),
  build: z.string().optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).optional(),
  volumes: z.array(z.string()).optional(),
  ports: z.array(z.string()).optional(),
  network_mode: z.string().optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).optional(),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
});
const { services, volumes } = z
  .object({ services: z.record(z.string(), SERVICE), volumes: z.record(z.string(), z.null()) })
  .parse(parse(composition, { merge: true }));

function service(name: string): z.infer<typeof SERVICE> {
  const found = services[name];
  if (found === undefined) throw new Error(`there is no service ${name}`);
  return found;
}

const gateways = ["gateway-1", "gateway-2"].map(service);

describe("docker-compose.yml", () => {
  test("has two gateways, on ports of their own, over one store and one cache", () => {
    expect(Object.keys(services)).toEqual(["redis", "cache", "proxy", "gateway-1", "gateway-2"]);
    const addresses = gateways.map(({ environment }) => [
      environment?.STRATA_STORE,
      environment?.STRATA_MERGE_CACHE,
    ]);
    expect(addresses).toEqual([1, 2].map(() => ["redis://redis:6379", "redis://cache:6379"]));
    for (const gateway of gateways) {
      expect(gateway).toMatchObject({ build: ".", network_mode: "service:proxy" });
      expect(gateway.depends_on?.redis).toEqual({ condition: "service_healthy" });
    }
  });

  test("has the proxy in front of exactly these gateways", () => {
    const behind = [...read("docker/haproxy.cfg").matchAll(/^ +server (\S+) (\S+)$/gm)];
    expect(behind.map(([, name, address]) => [name, address])).toEqual(
      gateways.map(({ environment }, index) => [
        `gateway-${index + 1}`,
        `127.0.0.1:${environment?.STRATA_PORT}`,
      ]),
    );
  });

  test("gives each of them what it remembers to itself", () => {
    const own = gateways.map((gateway) => gateway.volumes);
    expect(own).toEqual([["gateway-1:/data"], ["gateway-2:/data"]]);
    expect(dockerfile).toMatch(/STRATA_STATE=\/data\//);
  });

  test("publishes one port, to this machine only", () => {
    const published = Object.values(services).flatMap(({ ports = [] }) => ports);
    expect(published).toEqual(["127.0.0.1:4000:4000"]);
    expect(read("docker/haproxy.cfg")).toMatch(/^ +bind :4000$/m);
  });

  test("mounts what is there", () => {
    const mounts = Object.values(services).flatMap((each) => each.volumes ?? []);
    expect(mounts.length).toBeGreaterThan(0);
    for (const mount of mounts) {
      const [source = "", , mode] = mount.split(":");
      if (source.startsWith(".")) expect([existsSync(new URL(source, ROOT)), mode]).toEqual([true, "ro"]);
      else expect(volumes).toHaveProperty(source);
    }
  });

  test("has a cache that keeps nothing on disk and makes room", async () => {
    const words = service("cache").command?.slice(1) ?? [];
    const names = words.filter((_, index) => index % 2 === 0).map((name) => name.replace(/^--/, ""));
    const server = await RedisServer.start({}, { args: words });
    onTestFinished(() => server.stop());
    const inForce = await Promise.all(names.map((name) => server.command("CONFIG", "GET", name)));
    expect(Object.fromEntries(inForce as [string, string][])).toEqual({
      save: "",
      appendonly: "no",
      maxmemory: String(256 * 1024 * 1024),
      "maxmemory-policy": "allkeys-lru",
      "protected-mode": "no",
    });
  });
});

test("docker/redis.conf makes a server safe that would not be", async () => {
  const unsafe = {
    appendonly: "no",
    appendfsync: "everysec",
    "no-appendfsync-on-rewrite": "yes",
    "maxmemory-policy": "allkeys-lru",
    save: "60 1",
  };
  const include = fileURLToPath(new URL("docker/redis.conf", ROOT));
  const valuesWith = async (settings: Readonly<Record<string, string>>) => {
    const server = await RedisServer.start(settings);
    onTestFinished(() => server.stop());
    const pairs = Object.keys(unsafe).map((name) => server.command("CONFIG", "GET", name));
    return Object.fromEntries((await Promise.all(pairs)) as [string, string][]);
  };
  expect(await valuesWith(unsafe)).toEqual(unsafe);
  expect(await valuesWith({ ...unsafe, include })).toEqual({
    appendonly: "yes",
    appendfsync: "always",
    "no-appendfsync-on-rewrite": "no",
    "maxmemory-policy": "noeviction",
    save: "",
  });
});

describe("the Dockerfile", () => {
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = ""]) =>
    sources.split(" "),
  );

  test("copies what is there and is not ignored", () => {
    expect(copied.length).toBeGreaterThan(5);
    const context = read(".dockerignore").match(/(?<=^!).+$/gm);
    expect([...new Set(copied)].sort()).toEqual(context?.sort());
    for (const source of copied) expect(existsSync(new URL(source, ROOT)), source).toBe(true);
  });

  test("asks the service itself whether it lives", async () => {
    const command = /HEALTHCHECK.*\\\n +CMD (.+)/.exec(dockerfile)?.[1] ?? "";
    const [program = "", ...words] = z.array(z.string()).parse(JSON.parse(command));
    let status = 200;
    const server = createServer(({ url }, response) => {
      response.writeHead(url === "/health/live" ? status : 404).end();
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const exitCode = async () => {
      const env = { PATH: process.env.PATH, STRATA_PORT: String(port) };
      const [code] = await once(spawn(program, words, { env, stdio: "ignore" }), "exit");
      return code;
    };
    expect(await exitCode()).toBe(0);
    status = 503;
    expect(await exitCode()).toBe(1);
    server.close();
    expect(await exitCode()).toBe(1);
  });

  test("starts what npm start starts, as somebody who may do little, and can be told to end", () => {
    const command = JSON.parse(/^CMD (.+)$/m.exec(dockerfile)?.[1] ?? "") as string[];
    expect(command.at(-1)).toBe("dist/main.js");
    expect(read("package.json")).toContain(`"start": "exec ${command.join(" ")}"`);
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(dockerfile).toMatch(/^STOPSIGNAL SIGTERM$/m);
  });
});

describe("what containers are made of", () => {
  test("gives settings that there are", () => {
    const known = new Set(read("src/env.ts").match(/STRATA_[A-Z_]+/g));
    const given = new Set(`${dockerfile}\n${composition}`.match(/STRATA_[A-Z_]+/g));
    expect(given.size).toBeGreaterThan(3);
    expect([...given].filter((name) => !known.has(name))).toEqual([]);
  });

  test("names each image with its version", () => {
    const images = [...`${dockerfile}\n${composition}`.matchAll(/^(?:FROM| +image:) (\S+)/gm)].map(
      ([, name]) => name,
    );
    expect(images.length).toBeGreaterThan(4);
    for (const image of images) expect(image).toMatch(/^[a-z/]+:\d+[\w.-]*$/);
  });
});
