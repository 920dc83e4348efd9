import { expect, test } from "vitest";
import { accessibilityProblems } from "./accessibility.js";
import { openBrowser } from "./browser.js";
import { openGateway } from "./gateway.js";

const gateway = openGateway();
const browser = openBrowser();

test.each(["light", "dark"] as const)(
  "the front page, %s, reads well and complains of nothing",
  async (colorScheme) => {
    const page = await browser.visit(`${gateway.origin}/`, { colorScheme });
    expect(await page.title()).toBe("Strata");
    expect(await page.evaluate(() => getComputedStyle(document.body).margin)).toBe("0px");
    expect(await accessibilityProblems(page)).toEqual([]);
  },
);

test.each(["Console", "API explorer"])("the front page leads to the %s", async (name) => {
  const page = await browser.visit(`${gateway.origin}/`);
  await page.getByRole("link", { name: new RegExp(`^${name}`) }).click();
  await page.waitForURL(/\/(console|explorer)/);
  expect(await page.title()).toMatch(/Strata/);
});

test("the front page is readable on a telephone without sideways scrolling", async () => {
  const page = await browser.visit(`${gateway.origin}/`, { viewport: { width: 390, height: 800 } });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
});
