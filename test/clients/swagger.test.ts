import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname, extname, join } from "node:path";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { findChromium } from "../find-chromium.js";
import { openStrata } from "./strata.js";

const FOLDER = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
const TYPES: Readonly<Record<string, string>> = { ".css": "text/css", ".js": "text/javascript" };
const PAGE = `<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,">
<link rel="stylesheet" href="/swagger-ui.css"><div id="ui"></div><script src="/swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({ url: location.hash.slice(1), dom_id: "#ui" })</script></html>`;

/** Swagger UI as it is published, on an origin of its own. */
const server: Server = createServer(({ url = "/" }, response) => {
  if (url === "/") response.setHeader("content-type", "text/html").end(PAGE);
  else if (!/^\/swagger-ui[\w-]*\.(css|js)$/.test(url)) response.writeHead(404).end();
  else response.setHeader("content-type", TYPES[extname(url)] ?? "").end(readFileSync(join(FOLDER, url)));
}).listen(0, "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const strata = openStrata({ STRATA_CORS_ORIGINS: origin });

let browser: Browser;
beforeAll(async () => {
  // Chromium has no sandbox for root.
  browser = await chromium.launch({
    executablePath: await findChromium(process.env),
    args: ["--no-sandbox"],
  });
}, 300_000);
afterAll(async () => {
  await browser?.close();
  server.close();
});

/** The page with the document in it; the test fails at anything that the browser complains of but a status. */
async function open(): Promise<Page> {
  const page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  const said: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" && !/status of 40\d/.test(message.text())) said.push(message.text());
  });
  page.on("pageerror", (error) => said.push(error.message));
  onTestFinished(async () => {
    await page.close();
    expect(said).toEqual([]);
  });
  await page.goto(`${origin}/#${strata.url.replace(/graphql$/, "v2/openapi.json")}`);
  await page.getByText("Strata: the configs of KAZOO's API").waitFor();
  expect(await page.locator(".errors-wrapper").count()).toBe(0);
  return page;
}

async function authorize(page: Page, scheme: string, token: string): Promise<void> {
  await page.locator(".auth-wrapper .authorize").click();
  const form = page.locator(".modal-ux .auth-container").filter({ hasText: scheme });
  await form.locator("input").fill(token);
  await form.getByRole("button", { name: /Apply|Authorize/ }).click();
  await page.locator(".modal-ux").getByRole("button", { name: "Close" }).last().click();
}

/** Opens an operation, and the form that sends it. */
async function tryOut(page: Page, operationId: string, parameters: Record<string, string>): Promise<Locator> {
  const operation = page.locator(`[id^="operations-"][id$="-${operationId}"]`);
  await operation.locator(".opblock-summary-control").click();
  await operation.getByRole("button", { name: "Try it out" }).click();
  for (const [name, value] of Object.entries(parameters))
    await operation.locator(`tr[data-param-name="${name}"] input`).fill(value);
  return operation;
}

/** Status and text of the answer. */
async function execute(operation: Locator): Promise<[status: string, text: string]> {
  const answer = operation.locator(".live-responses-table");
  await operation.getByRole("button", { name: "Execute" }).click();
  await answer.locator(".response-col_status").last().waitFor();
  const status = await answer.locator(".response-col_status").last().textContent();
  return [status?.trim().slice(0, 3) ?? "", (await answer.textContent()) ?? ""];
}

const ACME = { account_id: "acme", config_id: "conferences" };

test("Swagger UI authorizes by (apiKey), and reads a config", async () => {
  const page = await open();
  const reading = await tryOut(page, "fetchConfig", ACME);
  expect(await execute(reading)).toEqual(["401", expect.stringContaining("401")]);
  await reading.getByRole("button", { name: "Clear" }).click();
  await authorize(page, "(apiKey)", await strata.token("acme"));
  expect(await execute(reading)).toEqual(["200", expect.stringMatching(/"pin_timeout": \d+/)]);
});

test("Swagger UI authorizes by (http, Bearer), and writes what is typed, or the body that its form has in it", async () => {
  const page = await open();
  await authorize(page, "(http, Bearer)", await strata.token("acme"));
  const writing = await tryOut(page, "patchConfig", ACME);
  await writing.locator(".body-param__text").fill(JSON.stringify({ data: { pin_timeout: 1_234 } }));
  expect(await execute(writing)).toEqual(["200", expect.stringContaining('"pin_timeout": 1234')]);
  for (const operationId of ["changeConfig", "createConfig"]) {
    const [status, answer] = await execute(await tryOut(page, operationId, ACME));
    expect([operationId, status, answer]).toEqual([
      operationId,
      expect.stringMatching(/^20[01]$/),
      expect.stringContaining('"pin_timeout": 3000'),
    ]);
  }
});
