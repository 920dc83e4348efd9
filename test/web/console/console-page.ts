import type { Locator, Page } from "playwright-core";
import type { VisitOptions, Visitor } from "../browser.js";
import type { Gateway } from "../gateway.js";

/** Where the console shows a config of an account, or of the system level. */
export function configPath(accountId: string | null, configId: string, query = ""): string {
  const owner = accountId === null ? "system" : `accounts/${accountId}`;
  return `/console/${owner}/configs/${configId}${query}`;
}

export async function openConsole(
  browser: Visitor,
  gateway: Gateway,
  path: string,
  options: VisitOptions = {},
): Promise<Page> {
  return await browser.visit(gateway.origin + path, options);
}

/** The row of a field. */
export function rowOf(page: Page, pointer: string): Locator {
  return page.locator(`[data-pointer="${pointer}"]`);
}

/** What a person reads in it. */
export async function shownText(element: Locator): Promise<string> {
  await element.waitFor();
  return (await element.allInnerTexts()).join("\n");
}

/** Starts an edit, puts a text in, and goes on to the review. */
export async function edit(page: Page, pointer: string, text: string): Promise<void> {
  await rowOf(page, pointer).locator('[data-action="edit"]').click();
  await page.fill(`[data-input="${pointer}"]`, text);
  await page.press(`[data-input="${pointer}"]`, "Enter");
}

/** Saves what is reviewed, and waits until it is written. */
export async function save(page: Page): Promise<void> {
  await page.click('[data-action="save"]:enabled');
  await page.locator("dialog").waitFor({ state: "detached" });
}

/** What is in force at a field, past the console. */
export async function inForce(
  gateway: Gateway,
  accountId: string,
  configId: string,
  at: string,
  token?: string,
) {
  const answer = await gateway.graphql<{
    data: {
      config: {
        field: { value: unknown; source: { kind: string }; lastChange: { note: string } | null } | null;
      };
    };
  }>(
    `query ($accountId: ID!, $configId: ID!, $at: JSONPointer!) {
      config(accountId: $accountId, configId: $configId) { field(at: $at) { value source { kind } lastChange { note } } }
    }`,
    { accountId, configId, at },
    token,
  );
  return answer.data.config.field;
}

/** Writes past the console, as somebody else. */
export async function patchConfig(
  gateway: Gateway,
  accountId: string,
  configId: string,
  patch: object,
  note?: string,
  pin?: readonly string[],
) {
  await gateway.graphql(
    "mutation ($input: PatchConfigInput!) { patchConfig(input: $input) { ... on ConfigWritten { revision } } }",
    { input: { accountId, configId, patch, note, pin } },
  );
}

/** Changes what a reseller's document says to the accounts below it, past the console. */
export async function constrainConfig(
  gateway: Gateway,
  accountId: string,
  configId: string,
  change: { readonly set?: readonly object[]; readonly remove?: readonly string[] },
) {
  await gateway.graphql(
    `mutation ($input: ConstrainConfigInput!) { constrainConfig(input: $input) { ... on ConfigWritten { revision } } }`,
    { input: { accountId, configId, ...change } },
  );
}

/** A reseller with one account below it, for one test alone: what it writes and constrains is in nobody's way. */
export async function openReseller(gateway: Gateway, reseller: string): Promise<string> {
  const account = `${reseller}-below`;
  for (const input of [
    { id: reseller, name: reseller, parentId: "northstar", isReseller: true },
    { id: account, name: account, parentId: reseller },
  ])
    await gateway.graphql(
      "mutation ($input: CreateAccountInput!) { createAccount(input: $input) { account { id } } }",
      { input },
    );
  return account;
}
