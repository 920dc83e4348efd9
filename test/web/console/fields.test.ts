import { beforeAll, expect, test } from "vitest";
import { openBrowser } from "../browser.js";
import { openGateway } from "../gateway.js";
import { configPath, openConsole, patchConfig, rowOf, shownText } from "./console-page.js";

const gateway = openGateway();
const browser = openBrowser();
const CONFERENCES = configPath("acme", "conferences");

beforeAll(() => patchConfig(gateway, "acme-berlin", "conferences", { pin_timeout: 2_000 }, "ticket 4711"));

test("/console leads to the topmost account, its tree and its configs", async () => {
  const page = await openConsole(browser, gateway, "/console");
  await page.waitForURL(/\/console\/accounts\/northstar$/);
  await page.locator('[data-config="fax"] [data-overrides="1"]').waitFor();
  const summit = page.locator('nav [data-account="summit"]');
  expect(await shownText(summit)).toMatch(/Summit Voice\s+Reseller/);
  await summit.getByRole("button").click();
  await page.locator('nav [data-account="acme"] a').click();
  await page.waitForURL(/\/accounts\/acme$/);
  await page.locator('[data-config="conferences"] a').click();
  await rowOf(page, "/pin_timeout").waitFor();
  const crumbs = page.getByRole("navigation", { name: "Breadcrumbs" });
  expect(await crumbs.getByRole("listitem").allInnerTexts()).toEqual([
    "Northstar Telecom",
    "Summit Voice",
    "Acme Industries",
    "conferences",
  ]);
  await page.goBack();
  await page.waitForURL(/\/accounts\/acme$/);
});

test("accounts are found by name and by id", async () => {
  const page = await openConsole(browser, gateway, "/console/accounts/northstar");
  await page.fill('[data-action="search-accounts"]', "berlin");
  await page.locator('nav [data-account="acme-berlin"] a').click();
  await page.waitForURL(/acme-berlin$/);
  await page.fill('[data-action="search-accounts"]', "no such thing");
  await page.getByText("0 accounts").waitFor();
});

test("each field has a row with its value, its source and its last change", async () => {
  const page = await openConsole(browser, gateway, configPath("acme-berlin", "conferences"));
  const row = rowOf(page, "/pin_timeout");
  expect(await shownText(row)).toMatch(
    /PIN entry timeout\s+\/pin_timeout\s+2000\s+Account\s+anonymous .*\s+ticket 4711/,
  );
  for (const [pointer, source] of [
    ["/pin_timeout", "ACCOUNT"],
    ["/entry_tone", "RESELLER"],
    ["/number_timeout", "SYSTEM"],
    ["/exit_tone", "SCHEMA"],
  ] as const)
    await rowOf(page, pointer).locator(`[data-source="${source}"]`).waitFor();
});

test("a deep link opens the ladder of its field: every layer's value, and the way to where it is edited", async () => {
  const page = await openConsole(browser, gateway, `${CONFERENCES}?at=/pin_timeout`);
  const rungs = rowOf(page, "/pin_timeout").locator("[data-rung]");
  await rungs.first().waitFor();
  const said = await rungs.evaluateAll((elements) =>
    elements.map((rung) => [
      rung.getAttribute("data-rung"),
      rung.getAttribute("data-state"),
      rung.querySelector(".value")?.textContent,
      rung.querySelector("a")?.getAttribute("href") ?? null,
    ]),
  );
  expect(said).toEqual([
    ["ACCOUNT", "winner", "3000", null],
    ["RESELLER", "shadowed", "7500", "/console/accounts/summit/configs/conferences?at=/pin_timeout"],
    ["SYSTEM", "shadowed", "6000", "/console/system/configs/conferences?at=/pin_timeout"],
    ["SCHEMA", "shadowed", "5000", null],
  ]);
  await rungs.nth(1).getByRole("link").click();
  await page.getByRole("heading", { level: 1, name: "Conferences" }).waitFor();
  await rowOf(page, "/pin_timeout").locator('[data-rung="ACCOUNT"]', { hasText: "7500" }).waitFor();
});

test("filters and words narrow the fields, and the address tells which", async () => {
  const page = await openConsole(browser, gateway, CONFERENCES);
  const shown = () =>
    page.locator("[data-pointer]").evaluateAll((rows) => rows.map((row) => row.getAttribute("data-pointer")));
  await page.click('[data-show="RESELLER"]');
  await rowOf(page, "/pin_timeout").waitFor({ state: "detached" });
  expect(await shown()).toEqual(["/entry_tone"]);
  expect(page.url()).toContain("show=RESELLER");
  await page.click('[data-show="own"]');
  await rowOf(page, "/pin_timeout").waitFor();
  await page.fill('[data-action="search"]', "400");
  await rowOf(page, "/pin_timeout").waitFor({ state: "detached" });
  expect(await shown()).toEqual(["/profiles/town_hall/max-members"]);
  await page.waitForURL(/q=400/);
  await page.reload();
  await rowOf(page, "/profiles/town_hall/max-members").waitFor();
  expect(await shown()).toEqual(["/profiles/town_hall/max-members"]);
});

test("the fields that changed since a moment are told by the gateway", async () => {
  const page = await openConsole(browser, gateway, configPath("direct", "conferences"));
  await rowOf(page, "/pin_timeout").waitFor();
  const before = new Date().toISOString();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await patchConfig(gateway, "northstar", "conferences", { pin_timeout: 6_500 });
  await page.goto(`${gateway.origin}${configPath("direct", "conferences", `?show=changed&since=${before}`)}`);
  await rowOf(page, "/pin_timeout").waitFor();
  expect(await page.locator("[data-pointer]").count()).toBe(1);
});

test("the keyboard alone goes from field to field, opens a ladder and starts an edit", async () => {
  const page = await openConsole(browser, gateway, CONFERENCES);
  await rowOf(page, "/pin_timeout").waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("timeout");
  await rowOf(page, "/entry_tone").waitFor({ state: "detached" });
  await rowOf(page, "/number_timeout").locator(".row-name").focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await rowOf(page, "/pin_timeout").locator('[data-rung="SCHEMA"]').waitFor();
  await page.keyboard.press("e");
  await page.waitForSelector('[data-input="/pin_timeout"]:focus');
  await page.keyboard.press("Escape");
  await page.waitForSelector('[data-input="/pin_timeout"]', { state: "detached" });
  await rowOf(page, "/pin_timeout").locator(".row-name:focus").waitFor();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
});

test("what is not there is said so", async () => {
  const page = await openConsole(browser, gateway, "/console/accounts/nobody");
  await page.getByRole("heading", { name: "No such account" }).waitFor();
  await page.goto(`${gateway.origin}/console/accounts/acme/configs/nothing`);
  await page.getByRole("alert").waitFor();
  await page.goto(`${gateway.origin}/console/nowhere`);
  await page.getByRole("heading", { name: "Nothing here" }).waitFor();
});
