import { setTimeout } from "node:timers/promises";
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
const browser = openBrowser();
const CONFERENCES = configPath("acme", "conferences");

test("an edit is reviewed with Enter, saved with a note, and shown with its new source", async () => {
  const page = await openConsole(browser, gateway, configPath("globex", "conferences"));
  await edit(page, "/pin_timeout", "4000");
  const change = page.locator('dialog [data-change="/pin_timeout"]');
  expect(await shownText(change)).toMatch(/7500\s*Reseller\s*→\s*4000\s*Account/);
  expect(await inForce(gateway, "globex", "conferences", "/pin_timeout")).toMatchObject({ value: 7_500 });
  await page.fill('[data-input="note"]', "ticket 4711");
  await page.keyboard.press("Enter");
  await rowOf(page, "/pin_timeout").locator('[data-source="ACCOUNT"]').waitFor();
  expect(await inForce(gateway, "globex", "conferences", "/pin_timeout")).toMatchObject({
    value: 4_000,
    source: { kind: "ACCOUNT" },
    lastChange: { note: "ticket 4711" },
  });
  await page.getByText("Saved as revision 2").waitFor();
});

test("reset tells what comes back before the click, and writes nothing before the review", async () => {
  const page = await openConsole(browser, gateway, CONFERENCES);
  const row = rowOf(page, "/pin_timeout");
  const reset = row.locator('[data-action="reset"]');
  expect(await reset.getAttribute("aria-label")).toBe("Reset /pin_timeout: 7500 comes back, from Reseller");
  await expect.poll(() => rowOf(page, "/exit_tone").locator('[data-action="reset"]').count()).toBe(0);
  await reset.click();
  expect(await shownText(row)).toMatch(/3000\s*→\s*7500\s+Reseller/);
  expect(await inForce(gateway, "acme", "conferences", "/pin_timeout")).toMatchObject({ value: 3_000 });
  await page.click('[data-action="review"]');
  await save(page);
  await row.locator('[data-source="RESELLER"]').waitFor();
  expect(await inForce(gateway, "acme", "conferences", "/pin_timeout")).toMatchObject({ value: 7_500 });
});

test("inputs follow the schema: a choice, a switch, a list and JSON", async () => {
  const page = await openConsole(browser, gateway, configPath("direct", "voicemail"));
  const start = async (pointer: string) => {
    await rowOf(page, pointer).locator('[data-action="edit"]').click();
    return page.locator(`[data-input="${pointer}"]`);
  };
  const choice = await start("/after_forward_action");
  expect(await choice.evaluate((element) => element.tagName)).toBe("SELECT");
  const values = await choice.locator("option").allInnerTexts();
  expect(values).toContain("prompt");
  await choice.selectOption({ label: values.find((value) => value !== "prompt") ?? "" });
  await page.click('[data-action="review"]');
  await save(page);
  expect(await inForce(gateway, "direct", "voicemail", "/after_forward_action")).not.toMatchObject({
    value: "prompt",
  });

  await page.goto(gateway.origin + configPath("direct", "conferences"));
  const flag = await start("/support_name_announcement");
  await flag.uncheck();
  await flag.press("Enter");
  await save(page);
  expect(await inForce(gateway, "direct", "conferences", "/support_name_announcement")).toMatchObject({
    value: false,
  });
});

test("a value that the schema rejects is told beside its field, and not saved", async () => {
  const page = await openConsole(browser, gateway, configPath("initech", "fax"));
  await rowOf(page, "/max_outbound").locator('[data-action="edit"]').click();
  await page.fill('[data-input="/max_outbound"]', "many");
  expect(await shownText(rowOf(page, "/max_outbound"))).toContain("Give a whole number.");
  expect(await page.locator('[data-action="review"]').isDisabled()).toBe(true);
  await page.click('[data-action="discard"]');

  await page.click('[data-action="add"]');
  await page.fill('[data-input="pointer"]', "/no_such_setting");
  await page.keyboard.press("Enter");
  await page.fill('[data-input="/no_such_setting"]', "5");
  await page.press('[data-input="/no_such_setting"]', "Control+Enter");
  await page.getByRole("dialog").getByRole("alert").waitFor();
  expect(await page.locator('[data-action="save"]').isDisabled()).toBe(true);
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await rowOf(page, "/no_such_setting").locator(".problems li").waitFor();
  expect(await inForce(gateway, "initech", "fax", "/no_such_setting")).toBeNull();
});

test("a setting without a value anywhere can be added, with the input of its schema, however late that comes", async () => {
  const page = await openConsole(browser, gateway, CONFERENCES);
  await page.route("**/graphql", async (route) => {
    if (route.request().postData()?.includes("SettingSchemas")) await setTimeout(300);
    await route.continue();
  });
  await page.click('[data-action="add"]');
  await page.fill('[data-input="pointer"]', "/profiles/lobby/max-members");
  await page.keyboard.press("Enter");
  const input = page.locator('[data-input="/profiles/lobby/max-members"]');
  await input.fill("12.5");
  await page.getByText("Give a whole number.").waitFor();
  await input.fill("12");
  await input.press("Enter");
  await save(page);
  expect(await inForce(gateway, "acme", "conferences", "/profiles/lobby/max-members")).toMatchObject({
    value: 12,
  });
});

test("the reseller's and the system's documents are edited the same way", async () => {
  const page = await openConsole(browser, gateway, configPath("harbor", "privacy"));
  await rowOf(page, "/block_anonymous_caller_id").locator('[data-action="edit"]').click();
  await page.locator('[data-input="/block_anonymous_caller_id"]').uncheck();
  await page.press('[data-input="/block_anonymous_caller_id"]', "Enter");
  await save(page);
  expect(await inForce(gateway, "oceanic", "privacy", "/block_anonymous_caller_id")).toMatchObject({
    value: false,
  });

  await page.goto(gateway.origin + configPath(null, "conferences"));
  await edit(page, "/number_timeout", "9000");
  await save(page);
  await rowOf(page, "/number_timeout").locator('[data-source="SYSTEM"]').waitFor();
  expect(await inForce(gateway, "globex", "conferences", "/number_timeout")).toMatchObject({ value: 9_000 });
});

test.each(["mine", "theirs"] as const)(
  "two who edit one field never lose an edit unasked: before, mine and theirs are shown, and %s wins when chosen",
  async (choice) => {
    await patchConfig(gateway, "oceanic", "conferences", { pin_timeout: 1_000 });
    const page = await openConsole(browser, gateway, configPath("oceanic", "conferences"));
    await edit(page, "/pin_timeout", "1111");
    await page.waitForSelector('[data-action="save"]:enabled');
    await patchConfig(gateway, "oceanic", "conferences", { pin_timeout: 2_222 });
    const collision = page.locator('dialog [data-collision="/pin_timeout"]');
    // Saved in the moment in which nobody has told the page yet; or the page knows, and does not let one save.
    await page
      .locator('[data-action="save"]')
      .click({ timeout: 2_000 })
      .catch(() => {});
    await collision.waitFor();
    expect(await shownText(collision)).toMatch(/Before\s+1000\s+Mine\s+1111\s+Theirs\s+2222/);
    expect(await page.locator('[data-action="save"]').isDisabled()).toBe(true);
    expect(await inForce(gateway, "oceanic", "conferences", "/pin_timeout")).toMatchObject({ value: 2_222 });
    await collision.locator(`[data-action="${choice}"]`).click();
    if (choice === "mine") await save(page);
    else await page.getByRole("dialog").waitFor({ state: "detached" });
    await rowOf(page, "/pin_timeout")
      .getByText(choice === "mine" ? "1111" : "2222")
      .waitFor();
    const value = choice === "mine" ? 1_111 : 2_222;
    expect(await inForce(gateway, "oceanic", "conferences", "/pin_timeout")).toMatchObject({ value });
  },
);

test("a change of another field elsewhere makes the review anew, and both survive", async () => {
  const page = await openConsole(browser, gateway, configPath("harbor", "conferences"));
  await edit(page, "/pin_timeout", "1234");
  await page.waitForSelector('[data-action="save"]:enabled');
  await patchConfig(gateway, "harbor", "conferences", { number_timeout: 4_321 });
  await page.locator("dialog .warning").waitFor();
  await save(page);
  expect(await inForce(gateway, "harbor", "conferences", "/pin_timeout")).toMatchObject({ value: 1_234 });
  expect(await inForce(gateway, "harbor", "conferences", "/number_timeout")).toMatchObject({ value: 4_321 });
});

test("edits outlive another view, and are discarded at once", async () => {
  const page = await openConsole(browser, gateway, CONFERENCES);
  await rowOf(page, "/number_timeout").locator('[data-action="edit"]').click();
  await page.fill('[data-input="/number_timeout"]', "1");
  await page.getByRole("link", { name: "History" }).click();
  await page.waitForURL(/history/);
  await page.getByRole("link", { name: "Fields" }).click();
  expect(await page.inputValue('[data-input="/number_timeout"]')).toBe("1");
  await page.click('[data-action="discard"]');
  await page.waitForSelector('[data-input="/number_timeout"]', { state: "detached" });
});
