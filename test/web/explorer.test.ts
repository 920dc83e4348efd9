import { readFileSync } from "node:fs";
import { buildSchema, parse, validate } from "graphql";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { EXAMPLES } from "../../web/explorer/examples.js";
import { accessibilityProblems } from "./accessibility.js";
import { openBrowser, type VisitOptions } from "./browser.js";
import { openGateway, TOKENS } from "./gateway.js";

const open = openGateway();
const guarded = openGateway(TOKENS);
const browser = openBrowser();

async function explorer(origin: string, fragment = "", options: VisitOptions = {}): Promise<Page> {
  const page = await browser.visit(`${origin}/explorer${fragment}`, options);
  await page.locator(".graphiql-query-editor .view-lines").waitFor();
  return page;
}

/** Replaces the query of the tab that is shown. */
async function type(page: Page, query: string): Promise<void> {
  await page.locator(".graphiql-query-editor .view-lines").click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(query);
  // The editor closes what was opened.
  await page.keyboard.press("ControlOrMeta+Shift+End");
  await page.keyboard.press("Delete");
  // GraphiQL takes a moment to know of which name the operation is; until then it would send the name of the one before.
  const name = /^\s*(?:query|mutation|subscription)\s+(\w+)/.exec(query)?.[1] ?? "<untitled>";
  const tab = page.locator('.graphiql-tab-active, [role="tab"][aria-selected="true"]').first();
  await expect.poll(async () => (await tab.textContent())?.trim(), { timeout: 20_000 }).toContain(name);
}

async function run(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Execute query" }).click();
}

/** The editor shows blanks as another character. */
const textOf = async (page: Page, selector: string): Promise<string> =>
  ((await page.locator(selector).first().textContent()) ?? "").replaceAll("\u00a0", " ");
const response = (page: Page): Promise<string> => textOf(page, ".graphiql-response .view-lines");

test("every example fits the schema", () => {
  const schema = buildSchema(readFileSync(new URL("../../schema.graphql", import.meta.url), "utf8"));
  for (const { query } of EXAMPLES) expect(validate(schema, parse(query))).toEqual([]);
});

const QUESTIONS = EXAMPLES.filter(({ query }) => !/^subscription /m.test(query));

test.each(QUESTIONS)("the example %# runs on the example accounts", async ({ query, variables }) => {
  const { data, errors } = await open.graphql<{ data: Record<string, unknown>; errors?: unknown }>(
    query,
    variables,
  );
  expect(errors).toBeUndefined();
  expect(Object.values(data)[0]).toBeTruthy();
});

describe("the explorer", () => {
  test("begins with examples and runs them, and then what is typed, which it completes and checks in workers of its own origin", async () => {
    const page = await explorer(open.origin);
    const tabs = await page.locator(".graphiql-tab-button").allTextContents();
    expect(tabs).toEqual(["WhatIsInForce", "Accounts", "TryAChange", "History", "FollowChanges"]);
    await expect.poll(() => textOf(page, ".graphiql-editor-tool .view-lines")).toContain("conferences");
    await run(page);
    await expect.poll(() => response(page)).toMatch(/"pointer": "\/entry_tone"/);

    await type(
      page,
      '{ config(accountId: "globex", configId: "conferences") { value(at: "/pin_timeout") } }',
    );
    await page.keyboard.press("ControlOrMeta+Enter");
    await expect.poll(() => response(page)).toContain('"value": 7500');

    await type(page, "{ nothing }");
    await page.locator(".graphiql-query-editor .squiggly-error").first().waitFor();
    await type(page, "");
    await page.keyboard.type("{ viewe");
    await page.locator(".suggest-widget").getByText("viewer").first().waitFor();
    expect(page.workers().length).toBeGreaterThan(0);
  });

  test.each([
    ["No token is asked for", open],
    ["Token", guarded],
  ])(
    "where it says %j: what is ours of it is accessible, light and dark, and fits a telephone",
    async (words, { origin }) => {
      const page = await explorer(origin);
      expect(await textOf(page, "header.bar")).toContain(words);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        expect([colorScheme, await accessibilityProblems(page, "header.bar")]).toEqual([colorScheme, []]);
      }
      await page.setViewportSize({ width: 390, height: 800 });
      // The editors follow a moment later.
      await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    },
  );
});

const VIEWER = "{ viewer { subject account { id } } }";

test.each([
  ["open", open],
  ["with a token", guarded],
] as const)("a subscription shows changes as they are made: %s", async (name, gateway) => {
  const token = name === "open" ? undefined : await gateway.token({ account_id: "acme" });
  const page = await explorer(gateway.origin, token === undefined ? "" : `#token=${token}`);
  await page
    .getByRole("tab", { name: "FollowChanges" })
    .or(page.getByText("FollowChanges", { exact: true }))
    .first()
    .click();
  // At once, when GraphiQL does not know yet that this tab holds a subscription.
  await page.evaluate(() =>
    document.querySelector<HTMLElement>('button[aria-label^="Execute query"]')?.click(),
  );
  await expect.poll(() => response(page)).toContain('"snapshot": true');
  await gateway.graphql(
    "mutation ($input: PatchConfigInput!) { patchConfig(input: $input) { __typename } }",
    { input: { accountId: "acme", configId: "conferences", patch: { pin_timeout: 4321 } } },
    token,
  );
  await expect.poll(() => response(page)).toContain('"after": 4321');
});

describe("the token", () => {
  const everythingStored = (page: Page): Promise<string> =>
    page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href]),
    );

  test("of the address is sent with each request, and leaves the address and is not stored", async () => {
    const token = await guarded.token({ account_id: "acme" });
    const page = await explorer(guarded.origin, `#token=${token}`);
    await page.getByText("a person for Acme Industries").waitFor();
    await type(page, VIEWER);
    await run(page);
    await expect.poll(() => response(page)).toContain('"id": "acme"');
    expect(page.url()).toBe(`${guarded.origin}/explorer`);
    expect(await everythingStored(page)).not.toContain(token);
    await page.goBack();
    expect(page.url()).not.toContain(token);
  });

  test("can be pasted and forgotten", async () => {
    const page = await explorer(guarded.origin, "", { expected: [/status of 401/] });
    const field = page.getByLabel("Token");
    await field.fill("no token");
    await page.getByRole("button", { name: "Use it" }).click();
    await page.getByText("There is no valid token").waitFor();
    await field.fill(await guarded.token({ account_id: "globex", scope: "config:read" }));
    await page.keyboard.press("Enter");
    await page.getByText("a person for Globex Trading, read only").waitFor();
    await page.getByRole("button", { name: "Forget the token" }).click();
    await type(page, VIEWER);
    await run(page);
    await expect.poll(() => response(page)).toContain("UNAUTHENTICATED");
  });

  test("of the headers' editor comes before the page's, and is not stored either", async () => {
    const [own, other] = [
      await guarded.token({ account_id: "acme" }),
      await guarded.token({ account_id: "globex" }),
    ];
    const page = await explorer(guarded.origin, `#token=${own}`);
    await page.getByRole("button", { name: "Headers" }).click();
    await page.locator(".graphiql-editor-tool .graphiql-editor:not(.hidden) .view-lines").click();
    await page.keyboard.insertText(JSON.stringify({ AUTHORIZATION: `Bearer ${other}` }));
    await page.keyboard.press("ControlOrMeta+Shift+End");
    await page.keyboard.press("Delete");
    await type(page, VIEWER);
    await run(page);
    await expect.poll(() => response(page)).toContain('"id": "globex"');
    // GraphiQL writes what it keeps after half a second.
    await expect.poll(() => everythingStored(page), { timeout: 5_000 }).toContain("viewer");
    await page.waitForTimeout(1_000);
    expect(await everythingStored(page)).not.toContain(other);
  });

  test("of the page that opened it is asked for", async () => {
    const token = await guarded.token({ account_id: "acme" });
    const opener = await browser.visit(`${guarded.origin}/explorer#token=${token}`);
    await opener.getByText("a person for Acme Industries").waitFor();
    const [opened] = await Promise.all([
      opener.waitForEvent("popup"),
      opener.evaluate(() => void window.open("/explorer", "_blank")),
    ]);
    await opened.getByText("a person for Acme Industries").waitFor();
  });
});

test("the console loads nothing of the explorer", async () => {
  const page = await browser.visit(`${open.origin}/console`);
  const loaded = await page.evaluate(() =>
    performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname),
  );
  expect(loaded.length).toBeGreaterThan(0);
  expect(loaded.filter((path) => /monaco|graphiql|explorer|editor|worker/i.test(path))).toEqual([]);
});
