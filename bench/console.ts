import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { type Browser, chromium, type Page } from "playwright-core";
import { findChromium } from "../test/find-chromium.js";
import { freePort } from "../test/redis/free-port.js";

// What somebody waits for in the console, in a real browser with an empty cache: the first rows of a config, a config of 10,000
// fields, and a change that is made elsewhere. A gateway in a process of its own, as `npm run build` has made it.

const TIMES = Number(process.env.CONSOLE_TIMES ?? 7);
const FIELDS = 10_000;
const READY_MS = 180_000;
const LIMITS = { rows: 1_000, large: 1_500, search: 200, change: 1_000 };

const folder = mkdtempSync(join(tmpdir(), "strata-console-bench-"));
const schemas = new URL("../schemas", import.meta.url).pathname;

function settingName(index: number): string {
  return `setting_${String(index).padStart(5, "0")}`;
}

function writeLargeSchema(): string {
  const names = Array.from({ length: FIELDS }, (_, index) => settingName(index));
  const properties = Object.fromEntries(
    names.map((name, index) => [name, { type: "integer", title: `Setting number ${index}`, default: index }]),
  );
  const path = mkdtempSync(join(folder, "schemas-"));
  for (const kind of ["account", "system"])
    writeFileSync(join(path, `${kind}_config.large.json`), JSON.stringify({ title: "Large", properties }));
  return path;
}

async function withGateway<T>(schemaFolder: string, use: (origin: string) => Promise<T>): Promise<T> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const gateway = spawn(process.execPath, [new URL("../dist/main.js", import.meta.url).pathname], {
    env: {
      ...process.env,
      STRATA_PORT: String(port),
      STRATA_HOST: "127.0.0.1",
      STRATA_STORE: `lmdb:${mkdtempSync(join(folder, "data-"))}`,
      STRATA_SCHEMAS: schemaFolder,
      STRATA_LOG_LEVEL: "silent",
    },
    stdio: "inherit",
  });
  try {
    const deadline = performance.now() + READY_MS;
    while (!(await fetch(`${origin}/health/ready`).catch(() => undefined))?.ok) {
      if (performance.now() > deadline) throw new Error("The gateway is not ready.");
      await setTimeout(100);
    }
    return await use(origin);
  } finally {
    gateway.kill();
    await once(gateway, "exit");
  }
}

/** A page in a window of its own, whose cache is empty. */
async function inWindow<T>(browser: Browser, use: (page: Page) => Promise<T>): Promise<T> {
  const context = await browser.newContext();
  try {
    context.setDefaultTimeout(READY_MS);
    return await use(await context.newPage());
  } finally {
    await context.close();
  }
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await act();
  return performance.now() - start;
}

/** Says what was measured, and whether the median is within its limit. */
async function row(name: string, limit: number, measure: () => Promise<number>): Promise<boolean> {
  const found: number[] = [];
  for (let n = 0; n < TIMES; n++) found.push(await measure());
  found.sort((a, b) => a - b);
  const [least, median, most] = [0, TIMES >> 1, TIMES - 1].map((at) => (found[at] ?? 0).toFixed(0));
  console.log(`${name.padEnd(46)} ${median} ms (${least} to ${most}; at most ${limit})`);
  return Number(median) <= limit;
}

async function firstRows(browser: Browser, url: string): Promise<number> {
  return inWindow(browser, (page) =>
    timed(async () => {
      await page.goto(url, { waitUntil: "commit" });
      await page.locator("[data-pointer]").first().waitFor();
    }),
  );
}

async function search(browser: Browser, url: string): Promise<number> {
  return inWindow(browser, async (page) => {
    await page.goto(url);
    await page.locator("[data-pointer]").first().waitFor();
    return timed(async () => {
      await page.fill('[data-action="search"]', "number 9876");
      await page.locator(`[data-pointer="/${settingName(9_876)}"]`).waitFor();
    });
  });
}

function followed(page: Page, origin: string): () => Promise<number> {
  let value = 1_000;
  return () => {
    value += 1;
    const wanted = String(value);
    return timed(async () => {
      const shown = page.locator('[data-pointer="/pin_timeout"] .row-value').getByText(wanted).waitFor();
      const { status } = await fetch(`${origin}/v2/accounts/summit/configs/conferences`, {
        method: "PATCH",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ data: { pin_timeout: value } }),
      });
      if (status !== 200) throw new Error(`The change is answered with ${status}.`);
      await shown;
    });
  };
}

const executablePath = await findChromium(process.env);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const verdicts: boolean[] = [];
try {
  await withGateway(schemas, async (origin) => {
    const url = `${origin}/console/accounts/globex/configs/conferences`;
    verdicts.push(await row("first rows of a config", LIMITS.rows, () => firstRows(browser, url)));
    await inWindow(browser, async (page) => {
      await page.goto(url);
      await page.locator('[data-live="live"]').waitFor();
      await page.locator('[data-pointer="/pin_timeout"]').waitFor();
      verdicts.push(await row("a change by REST, in an open console", LIMITS.change, followed(page, origin)));
    });
  });
  await withGateway(writeLargeSchema(), async (origin) => {
    const url = `${origin}/console/accounts/acme/configs/large`;
    verdicts.push(await row("first rows of 10,000 fields", LIMITS.large, () => firstRows(browser, url)));
    verdicts.push(await row("a search in 10,000 fields", LIMITS.search, () => search(browser, url)));
  });
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = verdicts.every(Boolean) ? 0 : 1;
