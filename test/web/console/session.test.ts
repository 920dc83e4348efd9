import { SignJWT } from "jose";
import { expect, test } from "vitest";
import { SECRET } from "../../http/token-access.js";
import { openBrowser } from "../browser.js";
import { openGateway, TOKENS } from "../gateway.js";
import { configPath, openConsole, rowOf } from "./console-page.js";

const gateway = openGateway(TOKENS);
const browser = openBrowser();
/** The browser tells of every answer that is a 401. */
const expected = [/401/];

test("a token is asked for, kept in memory, and gone when the page is loaded anew", async () => {
  const page = await openConsole(browser, gateway, configPath("acme", "conferences"), { expected });
  await page.getByLabel("Token").fill("nonsense");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").waitFor();
  await page.getByLabel("Token").fill(await gateway.token({ account_id: "acme" }));
  await page.keyboard.press("Enter");
  await rowOf(page, "/pin_timeout").waitFor();
  const kept = await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]);
  expect(kept).toEqual([0, 0, ""]);
  await page.reload();
  await page.getByLabel("Token").waitFor();
});

test("a sign-in link signs in, and its token leaves the address at once; an account sees its own part only", async () => {
  const token = await gateway.token({ account_id: "acme" });
  const asked: string[] = [];
  const page = await openConsole(browser, gateway, `/console#token=${token}`);
  page.on("request", (request) => asked.push(request.postData() ?? ""));
  await page.waitForURL(`${gateway.origin}/console/accounts/acme`);
  await page.locator('[data-config="conferences"] a').click();
  await rowOf(page, "/pin_timeout").locator(".row-name").click();
  const rungs = rowOf(page, "/pin_timeout").locator("[data-rung]");
  await rungs.first().waitFor();
  // Those above give values, and keep to themselves who they are.
  expect(await rungs.locator("a").count()).toBe(0);
  expect(await page.getByRole("link", { name: "System" }).count()).toBe(0);
  expect(
    await page.locator("nav [data-account]").evaluateAll((all) => all.map((one) => one.dataset.account)),
  ).toEqual(["acme", "acme-berlin"]);
  expect(asked.filter((body) => /systemConfig|System\w*\(/.test(body))).toEqual([]);
  expect(await page.content()).not.toContain(token);
  const [explorer] = await Promise.all([
    page.context().waitForEvent("page"),
    page.getByRole("link", { name: "Explorer" }).click(),
  ]);
  await explorer.getByText("a person").first().waitFor();
  expect(explorer.url()).toBe(`${gateway.origin}/explorer`);
});

test("a token that only reads is shown no control that writes", async () => {
  const token = await gateway.token({ account_id: "acme", scope: "config:read" });
  const page = await openConsole(browser, gateway, `${configPath("acme", "conferences")}#token=${token}`);
  await rowOf(page, "/pin_timeout").locator('[data-action="history"]').waitFor();
  await page.getByText("Read only").waitFor();
  const writing = ["edit", "reset", "add", "review", "save", "restore"]
    .map((name) => `[data-action="${name}"]`)
    .join();
  expect(await page.locator(writing).count()).toBe(0);
  await rowOf(page, "/pin_timeout").locator(".row-name").press("e");
  await rowOf(page, "/pin_timeout").locator('[data-action="history"]').click();
  await page.locator("[data-revision]").first().waitFor();
  expect(await page.locator(writing).count()).toBe(0);
});

test("a token that runs out is asked for again, and edits are still there", async () => {
  // Long enough to begin an edit, on any machine.
  const started = performance.now();
  const lasting = await gateway.token({ account_id: "acme" });
  const first = await openConsole(browser, gateway, `${configPath("acme", "conferences")}#token=${lasting}`);
  await rowOf(first, "/pin_timeout").locator('[data-action="edit"]').waitFor();
  const now = Math.floor(Date.now() / 1_000);
  const seconds = 3 + Math.ceil((3 * (performance.now() - started)) / 1_000);
  const token = await new SignJWT({ account_id: "acme" })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject("a person")
    .setIssuedAt(now)
    .setExpirationTime(now + seconds)
    .sign(new TextEncoder().encode(SECRET));
  const page = await openConsole(browser, gateway, `${configPath("acme", "conferences")}#token=${token}`, {
    expected,
  });
  await rowOf(page, "/pin_timeout").locator('[data-action="edit"]').click();
  await page.fill('[data-input="/pin_timeout"]', "1234");
  const again = page.getByRole("dialog", { name: "Sign in again" });
  await again.waitFor({ timeout: 60_000 });
  await again.getByLabel("Token").fill(await gateway.token({ account_id: "acme" }));
  await page.keyboard.press("Enter");
  await again.waitFor({ state: "detached" });
  expect(await page.inputValue('[data-input="/pin_timeout"]')).toBe("1234");
});
