import { beforeAll, expect, test } from "vitest";
import { openBrowser } from "../browser.js";
import { openGateway } from "../gateway.js";
import { configPath, inForce, openConsole, patchConfig, rowOf, save, shownText } from "./console-page.js";

const gateway = openGateway();
const browser = openBrowser();
let between = "";

beforeAll(async () => {
  await patchConfig(gateway, "acme", "conferences", { pin_timeout: 1_000 }, "the first change");
  await new Promise((resolve) => setTimeout(resolve, 20));
  between = new Date().toISOString();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await patchConfig(
    gateway,
    "acme",
    "conferences",
    { pin_timeout: 2_000, number_timeout: 1_234 },
    "the second",
  );
});

test("the history tells each write with its changes and its note; a row leads to that of its field", async () => {
  const page = await openConsole(browser, gateway, configPath("acme", "conferences"));
  await rowOf(page, "/number_timeout").locator('[data-action="history"]').click();
  await page.waitForURL(/history\?at=\/number_timeout$/);
  const revisions = page.locator("[data-revision]");
  await revisions.first().waitFor();
  expect(await revisions.count()).toBe(1);
  expect(await shownText(revisions.first())).toMatch(/anonymous changed.*\n(.*\n)*the second/);
  await page.getByRole("button", { name: "Show every revision" }).click();
  await page.locator('[data-revision="1"] [data-change="/pin_timeout"]').waitFor();
  expect(await revisions.count()).toBe(3);
});

test("a revision is restored after a dry run", async () => {
  await patchConfig(gateway, "globex", "conferences", { pin_timeout: 1_000 });
  const page = await openConsole(browser, gateway, configPath("globex", "conferences/history"));
  expect(await page.locator('[data-revision="2"] [data-action="restore"]').count()).toBe(0);
  await page.click('[data-revision="1"] [data-action="restore"]');
  expect(await shownText(page.locator('dialog [data-change="/pin_timeout"]'))).toMatch(
    /1000\s+Account\s+→\s+7500\s+Reseller/,
  );
  expect(await inForce(gateway, "globex", "conferences", "/pin_timeout")).toMatchObject({ value: 1_000 });
  await save(page);
  expect(await shownText(page.locator('[data-revision="3"]'))).toContain("restored revision 1");
  expect(await inForce(gateway, "globex", "conferences", "/pin_timeout")).toMatchObject({ value: 7_500 });
});

test("the whole screen is shown as of a moment, where nothing can be edited", async () => {
  const page = await openConsole(
    browser,
    gateway,
    configPath("acme", "conferences", `?asOf=${between}&at=/pin_timeout`),
  );
  await rowOf(page, "/pin_timeout").locator('[data-rung="ACCOUNT"]', { hasText: "1000" }).waitFor();
  await rowOf(page, "/number_timeout").locator('[data-source="SYSTEM"]').waitFor();
  expect(await page.locator('[data-action="edit"], [data-action="reset"], [data-action="add"]').count()).toBe(
    0,
  );
  await page.click('[data-action="now"]');
  await rowOf(page, "/number_timeout").locator('[data-source="ACCOUNT"]').waitFor();
  await page.locator('[data-action="edit"]').first().waitFor();
  await page.goto(gateway.origin + configPath("acme", "conferences", "?asOf=2020-01-01T00:00:00Z"));
  await page.getByRole("alert").waitFor();
});

test("two accounts and two moments are compared, field by field", async () => {
  const page = await openConsole(browser, gateway, configPath("acme", "conferences/compare"));
  await page.fill('[data-input="with"]', "initech");
  await page.click('[data-action="compare"]');
  const pin = page.locator('[data-compared="/pin_timeout"]');
  expect(await shownText(pin)).toMatch(/2000\s+Account(.|\s)*6000\s+System/);
  expect(await page.locator('[data-compared="/exit_tone"]').count()).toBe(0);
  await page.getByLabel("Show equal fields").check();
  await page.locator('[data-compared="/exit_tone"][data-same]').waitFor();
  await page.goto(gateway.origin + configPath("acme", "conferences/compare", `?from=${between}`));
  expect(await shownText(pin)).toMatch(/1000\s+Account(.|\s)*2000\s+Account/);
});
