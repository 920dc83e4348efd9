import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessibilityProblems } from "../accessibility.js";
import { openBrowser } from "../browser.js";
import { openGateway } from "../gateway.js";
import {
  configPath,
  edit,
  inForce,
  openConsole,
  patchConfig,
  rowOf,
  save,
  shownText,
} from "./console-page.js";

/** A config in which one setting narrows another: what a reseller writes can break what an account has. */
const schemas = mkdtempSync(join(tmpdir(), "strata-web-impact-"));
const calls = {
  title: "Calls",
  properties: {
    mode: { type: "string", default: "free" },
    limit: { type: "integer", default: 5 },
    rings: { type: "integer", default: 5 },
  },
  if: { properties: { mode: { const: "strict" } } },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: { properties: { limit: { maximum: 10 } } },
};
for (const kind of ["account", "system"])
  writeFileSync(join(schemas, `${kind}_config.calls.json`), JSON.stringify(calls));
afterAll(() => rmSync(schemas, { recursive: true, force: true }));

const gateway = openGateway({ STRATA_SCHEMAS: schemas });
const browser = openBrowser();
const CROWD = 24;

beforeAll(async () => {
  await patchConfig(gateway, "acme", "calls", { limit: 50 });
  for (let index = 0; index < CROWD; index += 1)
    await gateway.graphql(
      `mutation ($input: CreateAccountInput!) { createAccount(input: $input) { __typename } }`,
      { input: { id: `crowd-${index}`, name: `Crowd ${index}`, parentId: "harbor" } },
    );
});

/** What the counts of a review say. */
async function counts(page: Page): Promise<Record<string, number>> {
  await page.locator("dialog .impact").waitFor();
  const buttons = await page.locator("dialog [data-impact]").all();
  const entries = buttons.map(async (button) => [
    (await button.getAttribute("data-impact")) ?? "",
    Number(await button.locator(".count").textContent()),
  ]);
  return Object.fromEntries(await Promise.all(entries));
}

test("the review of a reseller's config shows whom it hits: new problems first, the others on demand", async () => {
  const page = await openConsole(browser, gateway, configPath("summit", "calls"));
  await edit(page, "/mode", "strict");
  expect(await counts(page)).toEqual({ BROKEN: 1, CHANGED: 2 });
  const broken = page.locator('dialog [data-account="acme"][data-outcome="BROKEN"]');
  await broken.locator(".problems").getByText("/limit").waitFor();
  expect(await page.locator("dialog [data-account]").count()).toBe(1);
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.click('dialog [data-impact="CHANGED"]');
  const globex = page.locator('dialog [data-account="globex"][data-outcome="CHANGED"]');
  await globex.locator("summary").click();
  expect(await shownText(globex.locator('[data-change="/mode"]'))).toMatch(/"free".*→.*"strict"/s);
  await page.setViewportSize({ width: 390, height: 844 });
  const [shown, whole] = await page.evaluate(() => [
    document.documentElement.clientWidth,
    document.documentElement.scrollWidth,
  ]);
  expect(whole).toBe(shown);
  await globex.getByRole("link").click();
  await page.waitForURL(/\/accounts\/globex\/configs\/calls$/);
  await page.locator("dialog").waitFor({ state: "detached" });
});

test("a save is bound to the impact that was shown: with another one it asks again", async () => {
  const page = await openConsole(browser, gateway, configPath("summit", "calls"));
  await edit(page, "/mode", "strict");
  expect(await counts(page)).toEqual({ BROKEN: 1, CHANGED: 2 });
  await patchConfig(gateway, "globex", "calls", { limit: 99 });
  await page.click('[data-action="save"]:enabled');
  await page.locator("dialog .warning").waitFor();
  await page.locator('dialog [data-account="globex"][data-outcome="BROKEN"]').waitFor();
  expect(await counts(page)).toEqual({ BROKEN: 2, CHANGED: 1 });
  expect(await inForce(gateway, "summit", "calls", "/mode")).toMatchObject({ value: "free" });
  await save(page);
  expect(await inForce(gateway, "summit", "calls", "/mode")).toMatchObject({ value: "strict" });
});

test("accounts come in pages", async () => {
  const page = await openConsole(browser, gateway, configPath("harbor", "calls"));
  await edit(page, "/rings", "7");
  const total = (await counts(page)).CHANGED ?? 0;
  expect(total).toBeGreaterThanOrEqual(CROWD);
  await page.click('dialog [data-impact="CHANGED"]');
  await page.click('dialog [data-action="more-accounts"]');
  await page.locator('dialog [data-action="more-accounts"]').waitFor({ state: "detached" });
  const ids = await page
    .locator("dialog [data-account]")
    .evaluateAll((items) => items.map((item) => item.getAttribute("data-account")));
  expect(ids).toHaveLength(total);
  expect(new Set(ids).size).toBe(total);
});

test("where nobody inherits, the review says nothing of an impact", async () => {
  const page = await openConsole(browser, gateway, configPath("oceanic", "calls"));
  await edit(page, "/rings", "8");
  await page.waitForSelector('[data-action="save"]:enabled');
  expect(await page.locator("dialog .impact").count()).toBe(0);
  await save(page);
  await rowOf(page, "/rings").locator('[data-source="ACCOUNT"]').waitFor();
});

test("the system's config has an impact, too", async () => {
  const page = await openConsole(browser, gateway, configPath(null, "calls"));
  await edit(page, "/rings", "6");
  expect(Object.values(await counts(page)).reduce((sum, count) => sum + count, 0)).toBe(9 + CROWD);
  await save(page);
  await rowOf(page, "/rings").locator('[data-source="SYSTEM"]').waitFor();
});
