import { expect, test } from "vitest";
import { accessibilityProblems } from "../accessibility.js";
import { openBrowser } from "../browser.js";
import { openGateway } from "../gateway.js";
import {
  configPath,
  constrainConfig,
  edit,
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

/** An account whose reseller locks one of its fields and bounds another: both exclude what it says. */
async function boundAccount(reseller: string): Promise<{ account: string; path: string }> {
  const account = await openReseller(gateway, reseller);
  await patchConfig(gateway, reseller, "conferences", { pin_timeout: 7_500 });
  await patchConfig(gateway, account, "conferences", { pin_timeout: 3_000, number_timeout: 90_000 });
  await constrainConfig(gateway, reseller, "conferences", {
    set: [
      { pointer: "/pin_timeout", kind: "LOCK", reason: "Regulated: ask us." },
      {
        pointer: "/number_timeout",
        kind: "BOUNDS",
        schema: { type: "integer", minimum: 1_000, maximum: 60_000 },
        reason: "Longer waits cost money.",
      },
    ],
  });
  return { account, path: configPath(account, "conferences") };
}

test("a locked field says who locked it and why, and has no edit control", async () => {
  const { path } = await boundAccount("reads");
  const page = await openConsole(browser, gateway, path);
  const row = rowOf(page, "/pin_timeout");
  expect(await shownText(row.locator('[data-constraint="LOCK"]'))).toMatch(
    /Locked by Reseller\s+Regulated: ask us\./,
  );
  expect(await row.locator('[data-action="edit"]').count()).toBe(0);
  expect(await shownText(row.locator('[data-dormant="LOCK"]'))).toContain("3000");
  await row.locator(".row-name").press("e");
  expect(await row.locator("[data-input]").count()).toBe(0);
  const bounds = rowOf(page, "/number_timeout").locator('[data-constraint="BOUNDS"]');
  expect(await shownText(bounds)).toMatch(
    /Bounds of Reseller: at least 1000, at most 60000\s+Longer waits cost money\./,
  );
  await rowOf(page, "/exit_tone").locator('[data-action="edit"]').waitFor();
  expect(await rowOf(page, "/exit_tone").locator("[data-constraint]").count()).toBe(0);
  expect(await accessibilityProblems(page)).toEqual([]);
});

test("the ladder strikes a dormant value through, and names the constraint that excludes it", async () => {
  const { path } = await boundAccount("climbs");
  const page = await openConsole(browser, gateway, `${path}?at=/pin_timeout`);
  const rung = rowOf(page, "/pin_timeout").locator('[data-rung="ACCOUNT"]');
  await rung.waitFor();
  expect(await rung.getAttribute("data-state")).toBe("dormant");
  expect(await rung.locator("del").textContent()).toBe("3000");
  expect(await shownText(rung)).toContain("not in force: Locked by Reseller. Regulated: ask us.");
  await rowOf(page, "/pin_timeout").locator('[data-rung="RESELLER"][data-state="winner"]').waitFor();
  await page.setViewportSize({ width: 390, height: 844 });
  const [shown, whole] = await page.evaluate(() => [
    document.documentElement.clientWidth,
    document.documentElement.scrollWidth,
  ]);
  expect(whole).toBe(shown);
});

test("a value outside of the bounds is told in the review and beside its field", async () => {
  const { path } = await boundAccount("exceeds");
  const page = await openConsole(browser, gateway, path);
  await edit(page, "/number_timeout", "70000");
  const problem = page.locator('dialog [data-keyword="bounds"]');
  expect(await shownText(problem)).toContain("Longer waits cost money.");
  expect(await page.locator('[data-action="save"]').isDisabled()).toBe(true);
  await page.keyboard.press("Escape");
  await rowOf(page, "/number_timeout").locator('.problems [data-keyword="bounds"]').waitFor();
});

test("what is locked is told beside its field when somebody tries to add it", async () => {
  const { path } = await boundAccount("adds");
  await constrainConfig(gateway, "adds", "conferences", {
    set: [{ pointer: "/profiles/lobby", kind: "LOCK", reason: "The lobby is ours." }],
  });
  const page = await openConsole(browser, gateway, path);
  await page.click('[data-action="add"]');
  await page.fill('[data-input="pointer"]', "/profiles/lobby/max-members");
  await page.keyboard.press("Enter");
  await page.fill('[data-input="/profiles/lobby/max-members"]', "12");
  await page.press('[data-input="/profiles/lobby/max-members"]', "Enter");
  await page.locator('dialog [data-keyword="locked"]').waitFor();
  await page.keyboard.press("Escape");
  await rowOf(page, "/profiles/lobby/max-members").locator('[data-keyword="locked"]').waitFor();
});

test("what waits under a lock can be dropped, and stays gone when the lock goes", async () => {
  const { account, path } = await boundAccount("drops");
  const page = await openConsole(browser, gateway, path);
  const row = rowOf(page, "/pin_timeout");
  await row.locator('[data-action="reset"]').click();
  await page.click('[data-action="review"]');
  await page.getByText("No value in force changes here").waitFor();
  await save(page);
  await row.locator("[data-dormant]").waitFor({ state: "detached" });
  await constrainConfig(gateway, "drops", "conferences", { remove: ["/pin_timeout"] });
  await row.locator("[data-constraint]").waitFor({ state: "detached" });
  expect(await inForce(gateway, account, "conferences", "/pin_timeout")).toMatchObject({ value: 7_500 });
});
