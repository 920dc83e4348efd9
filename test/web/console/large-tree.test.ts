import { beforeAll, expect, test } from "vitest";
import { openBrowser } from "../browser.js";
import { openGateway } from "../gateway.js";
import { configPath, openConsole, shownText } from "./console-page.js";

const gateway = openGateway();
const browser = openBrowser();
/** More than what is read at once. */
const ACCOUNTS = 520;

const idOf = (index: number) => `branch-${String(index).padStart(3, "0")}`;

beforeAll(async () => {
  for (let first = 0; first < ACCOUNTS; first += 20)
    await Promise.all(
      Array.from({ length: 20 }, (_, offset) =>
        gateway.graphql(
          "mutation ($input: CreateAccountInput!) { createAccount(input: $input) { account { id } } }",
          { input: { id: idOf(first + offset), name: `Branch ${first + offset}`, parentId: "globex" } },
        ),
      ),
    );
}, 300_000);

test("a large tree is read level by level, page by page", async () => {
  const page = await openConsole(browser, gateway, "/console");
  await page.waitForURL(/\/console\/accounts\/northstar$/);
  const tree = page.getByRole("navigation", { name: "Accounts" });
  await tree.locator('[data-account="summit"] button').click();
  await tree.locator('[data-account="globex"] button').click();
  await tree.locator(`[data-account="${idOf(0)}"]`).waitFor();
  expect(await tree.locator('[data-account^="branch-"]').count()).toBe(50);
  await tree.getByRole("button", { name: "More accounts" }).click();
  await tree.locator('[data-account^="branch-"]').nth(99).waitFor();
});

test("an account far down a large tree is shown where it stands", async () => {
  const page = await openConsole(browser, gateway, `/console/accounts/${idOf(519)}`);
  const tree = page.getByRole("navigation", { name: "Accounts" });
  await tree.locator(`[data-account="${idOf(519)}"] [aria-current="page"]`).waitFor();
  await tree.locator(`[data-account="${idOf(0)}"]`).waitFor();
  await tree.locator('[data-account="summit"]').waitFor();
  await tree.locator('[data-account="harbor"]').waitFor();
});

test("a search looks through all of a large tree, and so do the suggestions for a comparison", async () => {
  const page = await openConsole(browser, gateway, configPath(idOf(3), "conferences").concat("/compare"));
  await page.fill('[data-action="search-accounts"]', "branch 51");
  await page.locator(`nav [data-account="${idOf(519)}"]`).waitFor();
  expect(await shownText(page.locator(".account-hits [role=status]"))).toBe("15 accounts");
  await page.fill('[data-input="with"]', "branch 518");
  await page.locator(`datalist option[value="${idOf(518)}"]`).waitFor({ state: "attached" });
  expect(await page.locator("datalist option").allInnerTexts()).toEqual(["Branch 518"]);
  await page.fill('[data-input="with"]', idOf(518));
  await page.click('[data-action="compare"]');
  await page.getByText("Both have the same values.").waitFor();
});
