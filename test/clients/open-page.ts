import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll } from "vitest";
import { findChromium } from "../find-chromium.js";
import { relayPlugin } from "./relay-plugin.js";

const TYPES: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript" };

export interface ServedPage {
  /** Where the page is: never that of Strata. */
  readonly origin: string;
  /** A tab, in which nothing is open yet. */
  open(): Promise<Page>;
}

/** Serves the built page of a folder beside this file on a port of its own, and starts a browser, for all tests of a file. */
export async function openPage(folder: string): Promise<ServedPage> {
  const built = mkdtempSync(join(tmpdir(), "strata-page-"));
  const server = serve(built);
  await new Promise((resolve) => server.once("listening", resolve));
  let browser: Browser | undefined;
  beforeAll(async () => {
    const [executablePath] = await Promise.all([findChromium(process.env), buildPage(folder, built)]);
    // Chromium has no sandbox for root.
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    server.close();
    rmSync(built, { recursive: true, force: true });
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    open: async () => {
      if (browser === undefined) throw new Error("the browser is not started yet");
      return browser.newPage();
    },
  };
}

function serve(folder: string): Server {
  return createServer(({ url = "/" }, response) => {
    const { pathname } = new URL(url, "http://127.0.0.1");
    const file = pathname === "/" ? "/index.html" : pathname;
    try {
      const content = readFileSync(join(folder, file));
      response.setHeader("content-type", TYPES[extname(file)] ?? "text/plain").end(content);
    } catch {
      response.writeHead(404).end();
    }
  }).listen(0, "127.0.0.1");
}

async function buildPage(folder: string, outDir: string): Promise<void> {
  await build({
    configFile: false,
    root: new URL(folder, import.meta.url).pathname,
    plugins: [relayPlugin()],
    logLevel: "error",
    build: { outDir, emptyOutDir: true, minify: false, reportCompressedSize: false },
  });
}
