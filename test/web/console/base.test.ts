import type { Page } from "playwright-core";
import { expect, test } from "vitest";
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

const gateway = openGateway();
const forgetful = openGateway({ STRATA_HISTORY_REVISIONS: "1" });
const browser = openBrowser();
const SAVABLE = '[data-action="save"]:enabled';

/** Lets somebody else write once, in the moment in which the page saves. @returns what the page sent */
async function beforeSave(page: Page, write: () => Promise<void>): Promise<object[]> {
  const sent: object[] = [];
  await page.route("**/graphql", async (route) => {
    const { query, variables } = route.request().postDataJSON();
    if (/patchConfig/.test(query) && !variables.input.dryRun) {
      sent.push(variables.input);
      if (sent.length === 1) await write();
    }
    await route.continue();
  });
  return sent;
}

test("an edit that was made on an older state is saved on the newer one, where it touches another field", async () => {
  const page = await openConsole(browser, gateway, configPath("globex", "conferences"));
  await edit(page, "/pin_timeout", "4000");
  await page.waitForSelector(SAVABLE);
  const sent = await beforeSave(page, () =>
    patchConfig(gateway, "globex", "conferences", { number_timeout: 4_321 }),
  );
  await save(page);
  expect(sent).toMatchObject([{ base: expect.any(String), patch: { pin_timeout: 4_000 } }]);
  expect(sent[0]).not.toHaveProperty("ifMatch");
  expect(await inForce(gateway, "globex", "conferences", "/pin_timeout")).toMatchObject({ value: 4_000 });
  expect(await inForce(gateway, "globex", "conferences", "/number_timeout")).toMatchObject({ value: 4_321 });
  await rowOf(page, "/number_timeout").getByText("4321").waitFor();
});

test("a change of the same field in the moment of saving is shown with all three values, and one chooses", async () => {
  const page = await openConsole(browser, gateway, configPath("initech", "conferences"));
  await edit(page, "/pin_timeout", "4000");
  await page.waitForSelector(SAVABLE);
  const sent = await beforeSave(page, () =>
    patchConfig(gateway, "initech", "conferences", { pin_timeout: 5_000, number_timeout: 4_321 }),
  );
  await page.click(SAVABLE);
  const collision = page.locator('dialog [data-collision="/pin_timeout"]');
  expect(await shownText(collision)).toMatch(/Before\s+6000\s+Mine\s+4000\s+Theirs\s+5000/);
  expect(await page.locator('[data-action="save"]').isDisabled()).toBe(true);
  expect(await inForce(gateway, "initech", "conferences", "/pin_timeout")).toMatchObject({ value: 5_000 });
  await collision.locator('[data-action="mine"]').click();
  await save(page);
  expect(sent.length).toBe(2);
  expect(await inForce(gateway, "initech", "conferences", "/pin_timeout")).toMatchObject({ value: 4_000 });
  expect(await inForce(gateway, "initech", "conferences", "/number_timeout")).toMatchObject({ value: 4_321 });
});

test("a setting that is added as an object collides with what others put inside of it", async () => {
  const page = await openConsole(browser, gateway, configPath("oceanic", "conferences"));
  await page.click('[data-action="add"]');
  await page.fill('[data-input="pointer"]', "/profiles/lobby");
  await page.keyboard.press("Enter");
  await page.fill('[data-input="/profiles/lobby"]', '{"max-members": 5}');
  await page.press('[data-input="/profiles/lobby"]', "Control+Enter");
  await page.waitForSelector(SAVABLE);
  const others = { profiles: { lobby: { "max-members": 9 }, hall: { "max-members": 7 } } };
  await beforeSave(page, () => patchConfig(gateway, "oceanic", "conferences", others));
  await page.click(SAVABLE);
  const collision = page.locator('dialog [data-collision="/profiles/lobby/max-members"]');
  expect(await shownText(collision)).toMatch(/Mine\s+5\s+Theirs\s+9/);
  await collision.locator('[data-action="theirs"]').click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  expect(await page.locator('[data-action="review"]').count()).toBe(0);
  await rowOf(page, "/profiles/lobby/max-members").getByText("9").waitFor();
});

test("where the histories no longer tell what an edit was decided on, what the page knows decides", async () => {
  const page = await openConsole(browser, forgetful, configPath("globex", "conferences"));
  await rowOf(page, "/pin_timeout").locator('[data-action="edit"]').click();
  await page.fill('[data-input="/pin_timeout"]', "4000");
  for (const number_timeout of [1_000, 2_000, 3_000])
    await patchConfig(forgetful, "globex", "conferences", { number_timeout, pin_timeout: 7_000 });
  await rowOf(page, "/number_timeout").getByText("3000").waitFor();
  await page.click('[data-action="review"]');
  const collision = page.locator('dialog [data-collision="/pin_timeout"]');
  expect(await shownText(collision)).toMatch(/Before\s+7500\s+Mine\s+4000\s+Theirs\s+7000/);
  await collision.locator('[data-action="mine"]').click();
  await save(page);
  expect(await inForce(forgetful, "globex", "conferences", "/pin_timeout")).toMatchObject({ value: 4_000 });
  expect(await inForce(forgetful, "globex", "conferences", "/number_timeout")).toMatchObject({
    value: 3_000,
  });
});
