import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { beforeAll, expect, onTestFinished } from "vitest";
import { findChromium } from "../find-chromium.js";

/** Of failed tests: screenshots, the pages' HTML, and what the browser complained of. */
const ARTEFACTS = new URL("artefacts/", import.meta.url).pathname;

export interface VisitOptions extends BrowserContextOptions {
  /** Complaints that the test provokes. Every other one fails it. */
  readonly expected?: readonly RegExp[];
  /** Before the page's own scripts. */
  readonly initScript?: string;
}

export interface Visitor {
  /**
   * Opens a page in a window of its own: no cookie, storage or cache is shared with another visit. When the test ends, it fails if
   * there was an error or warning in the console, an uncaught error, a violation of the content security policy, a request to
   * another origin, or one that failed.
   */
  visit(url: string, options?: VisitOptions): Promise<Page>;
}

/** A Chromium for all tests of a file. */
export function openBrowser(): Visitor {
  let browser: Browser;
  beforeAll(async () => {
    const executablePath = await findChromium(process.env);
    // Chromium has no sandbox for root.
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
    return () => browser.close();
  }, 300_000);
  return { visit: (url, options = {}) => visit(browser, url, options) };
}

async function visit(
  browser: Browser,
  url: string,
  { expected = [], initScript, ...options }: VisitOptions,
): Promise<Page> {
  const context = await browser.newContext({ reducedMotion: "reduce", ...options });
  context.setDefaultTimeout(20_000);
  const complaints: string[] = [];
  const page = await context.newPage();
  context.on("page", (opened) => listen(opened, new URL(url).origin, complaints));
  listen(page, new URL(url).origin, complaints);
  if (initScript !== undefined) await context.addInitScript(initScript);
  onTestFinished(async ({ task }) => {
    const unexpected = complaints.filter((complaint) => !expected.some((pattern) => pattern.test(complaint)));
    try {
      if (task.result?.state === "fail" || unexpected.length > 0)
        await keep(task.name, context.pages(), complaints);
    } finally {
      await context.close();
    }
    expect(unexpected, "what the browser complains of").toEqual([]);
  });
  await page.goto(url);
  return page;
}

/** Adds what the browser complains of, and each request that leaves the gateway. Violations of the policy are console errors. */
function listen(page: Page, origin: string, complaints: string[]): void {
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()))
      complaints.push(`${message.type()}: ${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => complaints.push(`uncaught: ${error.stack ?? error.message}`));
  page.on("request", (request) => {
    const { protocol, origin: other } = new URL(request.url());
    if (/^(https?|ftp):$/.test(protocol) && other !== origin)
      complaints.push(`other origin: ${request.url()}`);
  });
  page.on("websocket", (socket) => {
    if (new URL(socket.url()).host !== new URL(origin).host) complaints.push(`other origin: ${socket.url()}`);
  });
  page.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText ?? "";
    // Requests that a page gives up when it is left, or no longer needs.
    if (reason !== "net::ERR_ABORTED") complaints.push(`failed: ${request.url()} ${reason}`);
  });
}

async function keep(test: string, pages: readonly Page[], complaints: readonly string[]): Promise<void> {
  const folder = join(ARTEFACTS, test.replace(/[^\w]+/g, "-").slice(0, 80));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "complaints.txt"), complaints.join("\n"));
  for (const [index, page] of pages.entries()) {
    const name = join(folder, `page-${index + 1}`);
    writeFileSync(`${name}.html`, `<!-- ${page.url()} -->\n${await page.content()}`);
    await page.screenshot({ path: `${name}.png`, fullPage: true });
  }
  process.stderr.write(`Screenshots and pages of a failed test: ${folder}\n`);
}
