import { expect, test } from "vitest";
import { accessibilityProblems } from "../accessibility.js";
import { openBrowser } from "../browser.js";
import { openGateway, TOKENS } from "../gateway.js";
import {
  configPath,
  constrainConfig,
  inForce,
  openConsole,
  openReseller,
  patchConfig,
  rowOf,
  save,
  shownText,
} from "./console-page.js";

const gateway = openGateway();
const guarded = openGateway(TOKENS);
const browser = openBrowser();

test("a reseller locks a field with a reason, sees whom that hits, and lifts the lock again", async () => {
  const below = await openReseller(gateway, "locks");
  await patchConfig(gateway, "locks", "conferences", { pin_timeout: 7_500 });
  await patchConfig(gateway, below, "conferences", { pin_timeout: 3_000 });
  const page = await openConsole(browser, gateway, configPath("locks", "conferences"));
  const row = rowOf(page, "/pin_timeout");
  await row.locator('[data-action="constrain"]').click();
  expect(await page.locator('[data-action="review-constraint"]').isDisabled()).toBe(true);
  await page.fill('[data-input="constraint-reason"]', "Regulated: ask us.");
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.keyboard.press("Enter");
  await page.click('dialog [data-impact="CHANGED"]');
  await page.locator('dialog [data-account="locks-below"]').waitFor();
  expect(await inForce(gateway, below, "conferences", "/pin_timeout")).toMatchObject({ value: 3_000 });
  await save(page);
  expect(await shownText(row.locator('[data-insists="LOCK"]'))).toMatch(
    /Locked for accounts below\s+Regulated: ask us\./,
  );
  expect(await inForce(gateway, below, "conferences", "/pin_timeout")).toMatchObject({ value: 7_500 });

  await row.locator('[data-action="constrain"]').click();
  await page.click('[data-action="remove-constraint"]');
  await save(page);
  await row.locator("[data-insists]").waitFor({ state: "detached" });
  expect(await inForce(gateway, below, "conferences", "/pin_timeout")).toMatchObject({ value: 3_000 });
});

test("the system level sets bounds; the form stays as it was when the review is left", async () => {
  const page = await openConsole(browser, gateway, configPath(null, "fax"));
  const row = rowOf(page, "/max_outbound");
  await row.locator('[data-action="constrain"]').click();
  await page.selectOption('[data-input="constraint-kind"]', "BOUNDS");
  await page.fill('[data-input="constraint-schema"]', "{");
  await page.fill('[data-input="constraint-reason"]', "Within reason.");
  await page.getByText("Give a JSON object.").waitFor();
  expect(await page.locator('[data-action="review-constraint"]').isDisabled()).toBe(true);
  await page.fill('[data-input="constraint-schema"]', '{"$ref": "#/no"}');
  await page.click('[data-action="review-constraint"]');
  await page.getByRole("dialog").getByRole("alert").waitFor();
  expect(await page.locator('[data-action="save"]').isDisabled()).toBe(true);
  await page.keyboard.press("Escape");
  expect(await page.inputValue('[data-input="constraint-reason"]')).toBe("Within reason.");
  await page.fill('[data-input="constraint-schema"]', '{"maximum": 30}');
  await page.setViewportSize({ width: 390, height: 844 });
  const [shown, whole] = await page.evaluate(() => [
    document.documentElement.clientWidth,
    document.documentElement.scrollWidth,
  ]);
  expect(whole).toBe(shown);
  await page.click('[data-action="review-constraint"]');
  await save(page);
  expect(await shownText(row.locator('[data-insists="BOUNDS"]'))).toMatch(
    /Bounds for accounts below: at most 30\s+Within reason\./,
  );
  await patchConfig(gateway, "globex", "fax", { max_outbound: 31 });
  expect(await inForce(gateway, "globex", "fax", "/max_outbound")).toMatchObject({ value: 20 });
});

test("a setting that nobody has a value for can be locked, and gets a row", async () => {
  const below = await openReseller(gateway, "lobbies");
  const page = await openConsole(browser, gateway, configPath("lobbies", "conferences"));
  await page.click('[data-action="constrain-other"]');
  await page.fill('[data-input="pointer"]', "/profiles/lobby");
  await page.keyboard.press("Enter");
  await page.fill('[data-input="constraint-reason"]', "The lobby is ours.");
  await page.keyboard.press("Enter");
  await save(page);
  await rowOf(page, "/profiles/lobby").locator('[data-insists="LOCK"]').waitFor();
  const bound = await openConsole(browser, gateway, configPath(below, "conferences"));
  const row = rowOf(bound, "/profiles/lobby");
  expect(await shownText(row.locator('[data-constraint="LOCK"]'))).toContain("The lobby is ours.");
  expect(await row.locator('[data-action="edit"]').count()).toBe(0);
});

test("a lock of the whole config stands before every row, there and below, and leaves nothing to add", async () => {
  const below = await openReseller(gateway, "closes");
  await constrainConfig(gateway, "closes", "fax", {
    set: [{ pointer: "", kind: "LOCK", reason: "Fax is ours to set." }],
  });
  const page = await openConsole(browser, gateway, configPath(below, "fax"));
  const first = page.locator("[data-pointer]").first();
  expect(await shownText(first)).toMatch(/the whole config[\s\S]*Locked by Reseller\s+Fax is ours to set\./);
  await page.fill('[data-action="search"]', "whole");
  await page.locator("[data-pointer]").nth(1).waitFor({ state: "detached" });
  await first.waitFor();
  expect(await page.locator('[data-action="add"], [data-action="edit"]').count()).toBe(0);

  await page.goto(gateway.origin + configPath("closes", "fax"));
  await first.locator('[data-insists="LOCK"]').waitFor();
  await first.locator('[data-action="constrain"]').click();
  await page.click('[data-action="remove-constraint"]');
  await save(page);
  await page.locator('[data-pointer=""]').waitFor({ state: "detached" });
  await page.locator('[data-action="add"]').waitFor();
});

test("who binds nobody, or may not write, is offered no constraint", async () => {
  const page = await openConsole(browser, gateway, configPath("globex", "conferences"));
  await rowOf(page, "/pin_timeout").locator('[data-action="edit"]').waitFor();
  expect(await page.locator('[data-action="constrain"]').count()).toBe(0);

  const reader = await guarded.token({ account_id: "summit", scope: "config:read" });
  const read = await openConsole(browser, guarded, `${configPath("summit", "conferences")}#token=${reader}`);
  await rowOf(read, "/pin_timeout").waitFor();
  expect(await read.locator('[data-action="constrain"]').count()).toBe(0);
});
