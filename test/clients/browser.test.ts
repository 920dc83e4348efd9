import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findChromium } from "../find-chromium.js";
import { relayPlugin } from "./relay-plugin.js";
import { openStrata } from "./strata.js";

const TYPES: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript" };

const built = mkdtempSync(join(tmpdir(), "strata-page-"));
const server: Server = createServer(({ url = "/" }, response) => {
  const file = url === "/" ? "/index.html" : url;
  try {
    const content = readFileSync(join(built, file));
    response.setHeader("content-type", TYPES[extname(file)] ?? "text/plain").end(content);
  } catch {
    response.writeHead(404).end();
  }
}).listen(0, "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const strata = openStrata({ STRATA_CORS_ORIGINS: origin });

let browser: Browser;
beforeAll(async () => {
  const [executablePath] = await Promise.all([findChromium(process.env), buildPage()]);
  // Chromium has no sandbox for root.
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
}, 300_000);
afterAll(async () => {
  await browser?.close();
  server.close();
  rmSync(built, { recursive: true, force: true });
});

async function buildPage(): Promise<void> {
  await build({
    configFile: false,
    root: new URL("page", import.meta.url).pathname,
    plugins: [relayPlugin()],
    logLevel: "error",
    build: { outDir: built, emptyOutDir: true, minify: false, reportCompressedSize: false },
  });
}

test.each([
  ["apollo", "globex", 7500],
  ["urql", "acme", 3000],
  ["relay", "acme-berlin", 7500],
])(
  "a page on another origin reads with %s, writes, and shows what was written",
  async (client, accountId, value) => {
    const page = await browser.newPage();
    const said: string[] = [];
    page.on("console", (message) => {
      if (message.type() !== "info") said.push(`${message.type()}: ${message.text()}`);
    });
    page.on("pageerror", (error) => said.push(error.message));
    const { url } = strata;
    const token = await strata.token("summit");
    await page.goto(`${origin}/#${new URLSearchParams({ client, url, token, accountId })}`);
    const shown = () => page.textContent("main").then((text) => `${text} ${said.join("\n")}`);
    await expect.poll(shown, { timeout: 20_000 }).toContain(`"pin_timeout":${value}`);
    await page.getByRole("button", { name: "Write" }).click();
    await expect.poll(shown, { timeout: 20_000 }).toContain('"pin_timeout":9000');
    expect(said).toEqual([]);
    const written = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify({
        query: `{ config(accountId: "${accountId}", configId: "conferences") { value(at: "/pin_timeout") } }`,
      }),
    });
    expect(await written.json()).toEqual({ data: { config: { value: 9000 } } });
    await page.close();
  },
);
