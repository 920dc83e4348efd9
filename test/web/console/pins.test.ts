import { expect, test } from "vitest";
import { accessibilityProblems } from "../accessibility.js";
import { openBrowser } from "../browser.js";
import { openGateway } from "../gateway.js";
import {
  configPath,
  inForce,
  openConsole,
  openReseller,
  patchConfig,
  rowOf,
  save,
  shownText,
} from "./console-page.js";

const gateway = openGateway();
const browser = openBrowser();

test("a value that equals the inherited one is kept where somebody asks for it, and marked", async () => {
  const page = await openConsole(browser, gateway, configPath("globex", "conferences"));
  const row = rowOf(page, "/pin_timeout");
  await row.locator('[data-action="edit"]').click();
  const pin = row.locator('[data-action="pin"]');
  await page.fill('[data-input="/pin_timeout"]', "7400");
  await pin.waitFor({ state: "detached" });
  await page.fill('[data-input="/pin_timeout"]', "7500");
  await pin.check();
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.press('[data-input="/pin_timeout"]', "Enter");
  await save(page);
  await page.locator('[data-pointer="/pin_timeout"][data-pinned] [data-source="ACCOUNT"]').waitFor();
  expect(await shownText(row)).toContain("Pinned");
  await patchConfig(gateway, "summit", "conferences", { pin_timeout: 9_000 });
  expect(await inForce(gateway, "globex", "conferences", "/pin_timeout")).toMatchObject({
    value: 7_500,
    source: { kind: "ACCOUNT" },
  });
  await patchConfig(gateway, "summit", "conferences", { pin_timeout: 7_500 });
  await page.reload();
  await page.locator('[data-pointer="/pin_timeout"][data-pinned]').waitFor();
  expect(await page.locator("[data-redundant]").count()).toBe(0);
});

test("without the mark an equal value is not stored", async () => {
  const page = await openConsole(browser, gateway, configPath("initech", "conferences"));
  await rowOf(page, "/pin_timeout").locator('[data-action="edit"]').click();
  await page.fill('[data-input="/pin_timeout"]', "6000");
  await page.locator('[data-action="pin"]').check();
  await page.locator('[data-action="pin"]').uncheck();
  expect(await page.locator('[data-action="review"]').count()).toBe(0);
});

test("overrides that equal what is inherited are listed, and dropped with one click and a review", async () => {
  await patchConfig(gateway, "acme", "conferences", { pin_timeout: 3_000, number_timeout: 4_000 });
  await patchConfig(gateway, "summit", "conferences", { pin_timeout: 3_000 });
  const page = await openConsole(browser, gateway, configPath("acme", "conferences"));
  const section = page.getByRole("region", { name: "Redundant overrides" });
  await section.locator("summary").click();
  const listed = section.locator("[data-redundant]");
  await listed.first().waitFor();
  expect(
    await listed.evaluateAll((items) => items.map((item) => item.getAttribute("data-redundant"))),
  ).toEqual(["/pin_timeout"]);
  await page.click('[data-action="drop-redundant"]');
  const change = page.locator('dialog [data-change="/pin_timeout"]');
  expect(await shownText(change)).toContain("the same value from another layer");
  await save(page);
  await section.waitFor({ state: "detached" });
  await rowOf(page, "/pin_timeout").locator('[data-source="RESELLER"]').waitFor();
  expect(await inForce(gateway, "acme", "conferences", "/number_timeout")).toMatchObject({ value: 4_000 });
});

test("an unpinned value stays as it is, and follows what is inherited from then on", async () => {
  const account = await openReseller(gateway, "unpins");
  await patchConfig(gateway, "unpins", "conferences", { pin_timeout: 3_000 });
  await patchConfig(gateway, account, "conferences", {}, undefined, ["/pin_timeout"]);
  const page = await openConsole(browser, gateway, configPath(account, "conferences"));
  const row = rowOf(page, "/pin_timeout");
  const unpin = row.locator('[data-action="unpin"]');
  expect(await unpin.getAttribute("aria-label")).toBe("Unpin /pin_timeout: 3000 comes back, from Reseller");
  await unpin.click();
  await page.click('[data-action="review"]');
  await save(page);
  await row.locator('[data-source="RESELLER"]').waitFor();
  expect(await page.locator("[data-pinned]").count()).toBe(0);
  await patchConfig(gateway, "unpins", "conferences", { pin_timeout: 4_000 });
  expect(await inForce(gateway, account, "conferences", "/pin_timeout")).toMatchObject({ value: 4_000 });
});
