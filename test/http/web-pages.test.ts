import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, brotliDecompressSync, gunzipSync } from "node:zlib";
import type { FastifyInstance, InjectOptions } from "fastify";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createHttpServer } from "../../src/http/http-server.js";
import { createMetrics } from "../../src/http/metrics/metrics.js";
import { readTrustedProxies } from "../../src/http/trusted-proxies.js";
import { temporaryFolder } from "../temporary-folder.js";

const SCRIPT = `console.log(${JSON.stringify("a script that is long enough ".repeat(60))});`;
const BROWSER = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
const PAGES = ["/console", "/console/", "/console/accounts/acme/configs/crossbar.auth?at=/a", "/explorer"];

let folder: string;
let app: FastifyInstance;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "strata-web-"));
  build(folder);
  writeFileSync(join(folder, "secret.js"), "not to be served");
  app = await serve(folder);
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A folder like the one that the build makes. */
function build(where: string, words = "first"): void {
  mkdirSync(join(where, "assets"), { recursive: true });
  for (const page of ["console", "explorer"]) {
    mkdirSync(join(where, page), { recursive: true });
    writeFileSync(
      join(where, page, "index.html"),
      `<!doctype html><meta name="strata-access" content="unknown" /><title>${page} ${words}</title>`,
    );
  }
  const assets: Record<string, string | Buffer> = {
    "console-Ab_3-x9.js": SCRIPT,
    "ready-1.js": SCRIPT,
    "ready-1.js.br": brotliCompressSync(`${SCRIPT}// by the build`),
    "short-1.css": "a{}",
    "icon-1.svg": "<svg/>",
    "codicon-1.ttf": Buffer.from([0, 1, 0, 0]),
    "page.html": "<script>",
    "console-1.js.map": "{}",
    ".hidden.js": "hidden",
  };
  for (const [name, content] of Object.entries(assets)) writeFileSync(join(where, "assets", name), content);
}

async function serve(webFolder: string, trustProxy = "off", loopbackOnly = true): Promise<FastifyInstance> {
  const { app: server } = await createHttpServer({
    logger: pino({ level: "silent" }),
    corsOrigins: [],
    loopbackOnly,
    metrics: createMetrics(),
    configs: () => 22,
    webFolder,
    trustProxy: readTrustedProxies(trustProxy, (message) => {
      throw new Error(message);
    }),
    checkReady: async () => undefined,
  });
  await server.ready();
  return server;
}

function ask(url: string, headers: Record<string, string> = {}, method: InjectOptions["method"] = "GET") {
  return app.inject({ method: method ?? "GET", url, headers: { host: "127.0.0.1:4000", ...headers } });
}

/** The directives of a policy. */
function policyOf({ headers }: Awaited<ReturnType<typeof ask>>): Record<string, string> {
  const directives = String(headers["content-security-policy"]).split("; ");
  return Object.fromEntries(
    directives.map((text) => [text.split(" ", 1).join(), text.slice(text.indexOf(" ") + 1)]),
  );
}

describe("the built pages", () => {
  test.each(PAGES)("%s is a page that is asked about again each time", async (url) => {
    const answer = await ask(url, BROWSER);
    expect([answer.statusCode, answer.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
    expect(answer.body).toContain(`<title>${url.split("/")[1]} first</title>`);
    expect(answer.headers).toMatchObject({
      "cache-control": "no-cache",
      etag: expect.stringMatching(/^"[\w-]{22}"$/),
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "same-origin",
      "cross-origin-opener-policy": "same-origin",
    });
  });

  test.each(PAGES)("%s runs scripts of this server alone, and speaks with it alone", async (url) => {
    const policy = policyOf(await ask(url, BROWSER));
    expect(policy).toEqual({
      "default-src": "'none'",
      "script-src": "'self'",
      "style-src": url === "/explorer" ? "'self' 'unsafe-inline'" : "'self'",
      "connect-src": "'self' ws://127.0.0.1:4000",
      "img-src": "'self' data:",
      "font-src": url === "/explorer" ? "'self' data:" : "'self'",
      "worker-src": "'self'",
      "base-uri": "'none'",
      "form-action": "'none'",
      "frame-ancestors": "'none'",
    });
  });

  test("behind a proxy that ends TLS the WebSocket is that of the client's own name for the server", async () => {
    const server = await serve(folder, "1");
    onTestFinished(() => server.close());
    const headers = {
      host: "127.0.0.1:4000",
      "x-forwarded-for": "192.0.2.1",
      "x-forwarded-proto": "https",
      "x-forwarded-host": "strata.example",
    };
    const { headers: got } = await server.inject({ url: "/console", headers });
    expect(got["content-security-policy"]).toContain("connect-src 'self' wss://strata.example;");
  });

  test.each(["", "W/"])(
    "a page that the client has is 304, named %stag, until it is built anew",
    async (weak) => {
      const own = temporaryFolder();
      build(own);
      const server = await serve(own);
      onTestFinished(() => server.close());
      const get = (headers: Record<string, string> = {}) =>
        server.inject({ url: "/console", headers: { host: "localhost", ...headers } });
      const tag = String((await get()).headers.etag);
      const again = await get({ "if-none-match": `"other", ${weak}${tag}` });
      expect([again.statusCode, again.body, again.headers.etag]).toEqual([304, "", tag]);
      expect(again.headers["content-security-policy"]).toContain("script-src 'self'");
      expect((await get({ "if-none-match": '"other"' })).statusCode).toBe(200);
      build(own, "second");
      const changed = await get({ "if-none-match": tag });
      expect([changed.statusCode, changed.body]).toEqual([200, expect.stringContaining("second")]);
    },
  );

  test.each<[access: string, loopbackOnly: boolean]>([
    ["open", true],
    ["token", false],
  ])("a page is told whether tokens are asked for: %s", async (access, loopbackOnly) => {
    const server = await serve(folder, "off", loopbackOnly);
    onTestFinished(() => server.close());
    for (const url of ["/console", "/explorer"]) {
      const { body } = await server.inject({ url, headers: { host: "localhost" } });
      expect(body).toContain(`<meta name="strata-access" content="${access}" />`);
    }
  });

  test("a compressed page has a tag of its own, and is known by it", async () => {
    const own = temporaryFolder();
    build(own, "long ".repeat(400));
    const server = await serve(own);
    onTestFinished(() => server.close());
    const headers = { host: "localhost", "accept-encoding": "gzip" };
    const page = await server.inject({ url: "/console", headers });
    expect(page.headers).toMatchObject({
      "content-encoding": "gzip",
      vary: expect.stringMatching(/\bAccept-Encoding$/),
    });
    expect(gunzipSync(page.rawPayload).toString()).toContain("long long");
    const tag = String(page.headers.etag);
    expect(tag).toMatch(/\.gzip"$/);
    const again = await server.inject({ url: "/console", headers: { ...headers, "if-none-match": tag } });
    expect([again.statusCode, again.headers.etag]).toEqual([304, tag]);
  });

  test.each([...PAGES, "/", "/web/assets/console-Ab_3-x9.js", "/page.css", "/icon.svg"])(
    "HEAD of %s has the headers of GET, and no content",
    async (url) => {
      const [get, head] = [await ask(url, BROWSER), await ask(url, BROWSER, "HEAD")];
      const { date: _date, "x-request-id": _id, ...headers } = get.headers;
      expect([head.statusCode, head.body]).toEqual([200, ""]);
      expect(head.headers).toMatchObject(headers);
    },
  );

  test.each(["POST", "PUT", "DELETE"] as const)("%s is not for pages", async (method) => {
    for (const url of ["/console", "/explorer", "/web/assets/short-1.css", "/"])
      expect((await ask(url, BROWSER, method)).statusCode).toBe(404);
  });

  test.each([
    "/consoles",
    "/Console",
    "/explorer/x",
    "/explorers",
    "/web",
    "/web/",
    "/web/console/index.html",
  ])("%s is no page", async (url) => {
    expect((await ask(url, BROWSER)).statusCode).toBe(404);
  });

  test.each(["/%63onsole", "http://127.0.0.1:4000/console"])(
    "%s is the console, spelled otherwise",
    async (url) => {
      const path = await rawGet(url);
      expect(path).toMatchObject({ status: 200, body: expect.stringContaining("console first") });
    },
  );

  test("a foreign name is answered to by no page", async () => {
    for (const url of ["/console", "/explorer", "/web/assets/short-1.css", "/page.css"])
      expect((await ask(url, { host: "evil.example" })).statusCode).toBe(421);
  });
});

/** As it is written on the wire. */
async function rawGet(path: string): Promise<{ status: number | undefined; body: string }> {
  if (!app.server.listening) await app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = app.server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    httpRequest({ host: "127.0.0.1", port, path, headers: BROWSER, timeout: 5_000 }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      response.on("end", () => resolve({ status: response.statusCode, body }));
    })
      .on("error", reject)
      .end();
  });
}

function decoded(bytes: Buffer, coding: string | undefined): string {
  if (coding === "br") return brotliDecompressSync(bytes).toString();
  return (coding === "gzip" ? gunzipSync(bytes) : bytes).toString();
}

describe("assets", () => {
  test.each([
    ["console-Ab_3-x9.js", "text/javascript; charset=utf-8"],
    ["short-1.css", "text/css; charset=utf-8"],
    ["icon-1.svg", "image/svg+xml; charset=utf-8"],
    ["codicon-1.ttf", "font/ttf"],
  ])("%s is kept for a year: its name has its hash", async (name, type) => {
    const { statusCode, headers } = await ask(`/web/assets/${name}`);
    expect(statusCode).toBe(200);
    expect(headers).toMatchObject({
      "content-type": type,
      "cache-control": "public, max-age=31536000, immutable",
      "content-security-policy": "default-src 'none'; script-src 'self'; frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
      "cross-origin-resource-policy": "same-origin",
      vary: expect.stringMatching(/\bAccept-Encoding$/),
    });
  });

  test.each<[name: string, accepted: string | undefined, coding: string | undefined, content: string]>([
    ["ready-1.js", "gzip, deflate, br, zstd", "br", `${SCRIPT}// by the build`],
    ["ready-1.js", "gzip", "gzip", SCRIPT],
    ["ready-1.js", undefined, undefined, SCRIPT],
    ["ready-1.js", "identity, br;q=0", undefined, SCRIPT],
    ["console-Ab_3-x9.js", "gzip, br", "br", SCRIPT],
    ["short-1.css", "gzip, br", undefined, "a{}"],
    ["short-1.css", "gzip, identity;q=0", "gzip", "a{}"],
  ])("%s for a client that accepts %j has the coding %s", async (name, accepted, coding, content) => {
    const answer = await ask(
      `/web/assets/${name}`,
      accepted === undefined ? {} : { "accept-encoding": accepted },
    );
    expect([answer.statusCode, answer.headers["content-encoding"]]).toEqual([200, coding]);
    expect(answer.headers["content-length"]).toBe(String(answer.rawPayload.length));
    expect(decoded(answer.rawPayload, coding)).toBe(content);
  });

  test.each([
    "none-1.js",
    "",
    "..",
    "../secret.js",
    "..%2fsecret.js",
    "%2e%2e%2fsecret.js",
    "%2e%2e/secret.js",
    "..%5csecret.js",
    "....//secret.js",
    "%2fetc%2fpasswd",
    "%252e%252e%252fsecret.js",
    "console-Ab_3-x9.js%00.css",
    "console-Ab_3-x9.js/",
    "ready-1.js.br",
    "console-1.js.map",
    "page.html",
    ".hidden.js",
    `${"x".repeat(90)}.js`,
    "%zz.js",
    "constructor",
    "a.constructor",
  ])("%j is not there", async (name) => {
    const answer = await ask(`/web/assets/${name}`, BROWSER);
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toMatchObject({ errors: [{ extensions: { code: "NOT_FOUND" } }] });
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(await rawGet(`/web/assets/${name}`)).toMatchObject({ status: 404 });
  });

  test("a folder of the name of a file is not there", async () => {
    const own = temporaryFolder();
    mkdirSync(join(own, "assets/folder-1.js"), { recursive: true });
    const server = await serve(own);
    onTestFinished(() => server.close());
    const url = "/web/assets/folder-1.js";
    expect((await server.inject({ url, headers: { host: "localhost" } })).statusCode).toBe(404);
  });
});

describe("without a build", () => {
  test("each page says what to do, and the rest is served", async () => {
    const server = await serve(join(temporaryFolder(), "nothing"));
    onTestFinished(() => server.close());
    const get = (url: string) => server.inject({ url, headers: { host: "localhost", ...BROWSER } });
    for (const url of PAGES) {
      const { statusCode, headers, body } = await get(url);
      expect([statusCode, headers["content-type"]]).toEqual([503, "text/html; charset=utf-8"]);
      expect(body).toMatch(/has not been built.*npm run build/s);
      expect(headers["cache-control"]).toBe("no-store");
    }
    expect((await get("/web/assets/console-1.js")).statusCode).toBe(404);
    expect((await get("/")).statusCode).toBe(200);
  });

  test("a build is found when it comes, and missed when it goes", async () => {
    const own = temporaryFolder();
    const server = await serve(own);
    onTestFinished(() => server.close());
    const status = async (url: string) =>
      (await server.inject({ url, headers: { host: "localhost" } })).statusCode;
    expect(await status("/console")).toBe(503);
    build(own);
    expect([await status("/console"), await status("/web/assets/short-1.css")]).toEqual([200, 200]);
    rmSync(join(own, "console"), { recursive: true });
    expect(await status("/console")).toBe(503);
  });
});

describe("the front page", () => {
  test("leads to the console, the explorer, Apollo Sandbox and the docs", async () => {
    const { body } = await ask("/", BROWSER);
    const links = [...body.matchAll(/<a href="([^"]+)"/g)].map(([, link]) => link);
    expect(links).toEqual(expect.arrayContaining(["/console", "/explorer", "/docs"]));
    expect(links.join(" ")).toContain("https://studio.apollographql.com/sandbox/explorer");
  });

  test("has its style and icon from this server, and no script", async () => {
    const page = await ask("/", BROWSER);
    expect(policyOf(page)).toMatchObject({
      "default-src": "'none'",
      "style-src": "'self'",
      "img-src": "'self'",
    });
    expect(policyOf(page)).not.toHaveProperty("script-src");
    expect(page.body).not.toMatch(/<style|<script|style="|unsafe/);
    const used = [...page.body.matchAll(/<link rel="(?:icon|stylesheet)" href="([^"]+)"/g)].map(
      ([, url = ""]) => url,
    );
    expect(used).toEqual(["/icon.svg", "/page.css"]);
    const types = await Promise.all(used.map(async (url) => (await ask(url)).headers["content-type"]));
    expect(types).toEqual(["image/svg+xml; charset=utf-8", "text/css; charset=utf-8"]);
  });

  test.each(["/", "http://127.0.0.1:4000/", "/?x=1"])(
    "%s is the same page, however it is asked for",
    async (url) => {
      expect(await rawGet(url)).toMatchObject({
        status: 200,
        body: expect.stringContaining("<h1>Strata</h1>"),
      });
    },
  );
});

describe("the docs", () => {
  test("are listed by title, each as Markdown", async () => {
    const list = await ask("/docs", BROWSER);
    expect([list.statusCode, list.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
    const links = [...list.body.matchAll(/<a href="(\/docs\/[\w-]+\.md)">([^<]+)</g)];
    expect(links.map(([, , title]) => title)).toEqual(expect.arrayContaining(["Security", "Clients"]));
    for (const [, url = "", title] of links) {
      const { statusCode, headers, body } = await ask(url, BROWSER);
      expect([statusCode, headers["content-type"]]).toEqual([200, "text/plain; charset=utf-8"]);
      expect(
        body.startsWith(`# ${title?.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code))}\n`),
      ).toBe(true);
    }
  });

  test.each([
    "none.md",
    "adr",
    "../package.json",
    "..%2fpackage.json",
    "adr%2f0001-diff-is-stored-layers-are-read.md",
    "",
  ])("%j is no page of them", async (name) => {
    expect((await ask(`/docs/${name}`, BROWSER)).statusCode).toBe(404);
  });
});
