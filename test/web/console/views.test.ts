import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessibilityProblems } from "../accessibility.js";
import { openBrowser } from "../browser.js";
import { openGateway } from "../gateway.js";
import { configPath, edit, openConsole, patchConfig, rowOf } from "./console-page.js";

const XSS = `"><img src=x onerror="alert(1)"><script>alert(2)</script>`;
const FIELDS = 10_000;

/** One config with a hostile text wherever a schema has one, and one of ten thousand fields. */
const schemas = mkdtempSync(join(tmpdir(), "strata-web-schemas-"));
const hostile = {
  title: XSS,
  description: XSS,
  properties: {
    text: { type: "string", title: XSS, description: XSS, default: XSS },
    [XSS]: { type: "string", default: "a" },
  },
};
const large = {
  title: "Large",
  properties: Object.fromEntries(
    Array.from({ length: FIELDS }, (_, index) => [
      `setting_${String(index).padStart(5, "0")}`,
      { type: "integer", title: `Setting number ${index}`, default: index },
    ]),
  ),
};
for (const [id, schema] of Object.entries({ hostile, large }))
  for (const kind of ["account", "system"])
    writeFileSync(join(schemas, `${kind}_config.${id}.json`), JSON.stringify(schema));
afterAll(() => rmSync(schemas, { recursive: true, force: true }));

const gateway = openGateway();
const other = openGateway({ STRATA_SCHEMAS: schemas });
const browser = openBrowser();

beforeAll(() => patchConfig(gateway, "acme", "conferences", { pin_timeout: 2_000 }, "ticket 4711"));

/** Each view, made to show as much as it has. */
const VIEWS: readonly (readonly [string, string, (page: Page) => Promise<unknown>])[] = [
  ["an account", "/console/accounts/summit", (page) => page.locator("[data-config]").first().waitFor()],
  ["the system level", "/console/system", (page) => page.locator("[data-config]").first().waitFor()],
  [
    "a config",
    configPath("acme", "conferences", "?at=/pin_timeout"),
    async (page) => {
      await page.locator("[data-rung]").first().waitFor();
      await rowOf(page, "/number_timeout").locator('[data-action="edit"]').click();
      await page.fill('[data-input="/number_timeout"]', "x");
    },
  ],
  [
    "a review",
    configPath("acme", "conferences"),
    async (page) => {
      await edit(page, "/entry_tone", "silence");
      await page.waitForSelector("dialog [data-change]");
    },
  ],
  [
    "the past",
    configPath("acme", "conferences"),
    async (page) => {
      await page.click('[data-action="as-of"]');
      await page.locator(".pop").getByRole("button", { name: "Show" }).click();
      await page.click('[data-action="now"]:visible', { trial: true });
      await page.waitForSelector("[data-pointer], .failed");
    },
  ],
  ["a history", configPath("acme", "conferences/history"), (page) => page.waitForSelector("[data-revision]")],
  [
    "a comparison",
    configPath("acme", "conferences/compare", "?with=harbor"),
    (page) => page.waitForSelector("[data-compared]"),
  ],
];

test.each(VIEWS)("%s is accessible, light and dark, and fits a telephone", async (_, path, show) => {
  const page = await openConsole(browser, gateway, path);
  await show(page);
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: "dark" });
  expect(await accessibilityProblems(page, "html", { runOnly: ["color-contrast"] })).toEqual([]);
  await page.setViewportSize({ width: 390, height: 844 });
  const widest = await page.evaluate(() =>
    [document.documentElement, document.querySelector("main"), document.querySelector("dialog")].map(
      (part) => (part === null ? 0 : part.scrollWidth - part.clientWidth),
    ),
  );
  expect(widest).toEqual([0, 0, 0]);
  expect(await accessibilityProblems(page)).toEqual([]);
});

test("on a telephone the accounts are behind a button", async () => {
  const page = await openConsole(browser, gateway, "/console/accounts/acme", {
    viewport: { width: 390, height: 844 },
  });
  await page.locator("[data-config]").first().waitFor();
  const globex = page.locator('nav [data-account="globex"] a');
  expect(await globex.isVisible()).toBe(false);
  await page.getByRole("button", { name: "Accounts", exact: true }).click();
  await globex.click();
  await page.waitForURL(/globex$/);
  await globex.waitFor({ state: "hidden" });
});

test("hostile titles, values, names, pointers and notes stay text", async () => {
  await other.graphql(
    "mutation ($input: UpdateAccountInput!) { updateAccount(input: $input) { account { id } } }",
    {
      input: { id: "acme", name: XSS },
    },
  );
  await patchConfig(other, "acme", "hostile", { text: `${XSS}!`, [XSS]: XSS }, XSS);
  const page = await openConsole(browser, other, configPath("acme", "hostile", "?at=/text"));
  let dialogs = 0;
  page.on("dialog", () => {
    dialogs += 1;
  });
  await page.locator("[data-rung]").first().waitFor();
  for (const where of [
    "h1",
    '[data-pointer="/text"] .row-title',
    '[data-pointer="/text"] .note',
    ".description",
    ".breadcrumbs",
    "title",
  ])
    expect((await page.locator(where).allTextContents()).join()).toContain(XSS);
  await page.goto(other.origin + configPath("acme", "hostile/history"));
  await page.locator("[data-revision]").first().waitFor();
  await page.goto(`${other.origin}/console/accounts/acme`);
  await page.locator('[data-config="hostile"]').waitFor();
  expect(await page.locator("img").count()).toBe(0);
  expect(dialogs).toBe(0);
});

test("ten thousand fields are listed, searched and scrolled with only a few of them on the page", async () => {
  const page = await openConsole(browser, other, configPath("acme", "large"));
  await rowOf(page, "/setting_00000").waitFor();
  expect(await page.locator("[data-pointer]").count()).toBeLessThan(100);
  await page.fill('[data-action="search"]', "number 9876");
  await rowOf(page, "/setting_00000").waitFor({ state: "detached" });
  expect(await page.locator("[data-pointer]").count()).toBe(1);
  await page.fill('[data-action="search"]', "");
  await rowOf(page, "/setting_00000").waitFor();
  await page.evaluate(() => document.querySelector("main")?.scrollTo(0, 1e9));
  await rowOf(page, "/setting_09999").waitFor();
  await rowOf(page, "/setting_00000").waitFor({ state: "detached" });
  await rowOf(page, "/setting_09999").locator(".row-name").focus();
  await page.keyboard.press("ArrowUp");
  await rowOf(page, "/setting_09998").locator(".row-name:focus").waitFor();
  await page.goto(other.origin + configPath("acme", "large", "?at=/setting_05000"));
  await rowOf(page, "/setting_05000").locator("[data-rung]").first().waitFor();
  expect(await rowOf(page, "/setting_05000").isVisible()).toBe(true);
});
