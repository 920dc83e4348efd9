import type { WebSocketRoute } from "playwright-core";
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
const LIVE = '[data-live="live"]';

test("a change by REST shows in an open console, and its row flashes", async () => {
  const page = await openConsole(browser, gateway, configPath("acme", "conferences"));
  await page.waitForSelector(LIVE);
  await rowOf(page, "/pin_timeout").waitFor();
  await fetch(`${gateway.origin}/v2/accounts/summit/configs/conferences`, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ data: { exit_tone: "silence" } }),
  });
  await page.waitForSelector('[data-pointer="/exit_tone"][data-flash]');
  await rowOf(page, "/exit_tone").locator('[data-source="RESELLER"]').waitFor();
  expect(await page.locator("[data-flash]").count()).toBe(1);
});

test("a field that is being edited shows theirs beside mine, and a save decides on it", async () => {
  const page = await openConsole(browser, gateway, configPath("globex", "conferences"));
  await page.waitForSelector(LIVE);
  await rowOf(page, "/pin_timeout").locator('[data-action="edit"]').click();
  await page.fill('[data-input="/pin_timeout"]', "1111");
  await patchConfig(gateway, "globex", "conferences", { pin_timeout: 2_222 });
  const collision = rowOf(page, "/pin_timeout").locator("[data-collision]");
  expect(await shownText(collision)).toMatch(/Before\s+7500\s+Mine\s+1111\s+Theirs\s+2222/);
  expect(await page.inputValue('[data-input="/pin_timeout"]')).toBe("1111");
  await collision.locator('[data-action="mine"]').click();
  await page.press('[data-input="/pin_timeout"]', "Enter");
  await save(page);
  expect(await inForce(gateway, "globex", "conferences", "/pin_timeout")).toMatchObject({ value: 1_111 });
});

test("two consoles follow each other", async () => {
  const path = configPath("initech", "conferences");
  const [mine, theirs] = [
    await openConsole(browser, gateway, path),
    await openConsole(browser, gateway, path),
  ];
  await theirs.waitForSelector(LIVE);
  await rowOf(theirs, "/pin_timeout").waitFor();
  await edit(mine, "/pin_timeout", "4321");
  await save(mine);
  await rowOf(theirs, "/pin_timeout").locator('[data-source="ACCOUNT"]').waitFor();
  expect(await shownText(rowOf(theirs, "/pin_timeout"))).toContain("4321");
});

test("a change that comes while an earlier one is being read shows as well", async () => {
  const page = await openConsole(browser, gateway, configPath("harbor", "conferences"));
  await page.waitForSelector(LIVE);
  await rowOf(page, "/pin_timeout").waitFor();
  let reads = 0;
  await page.route("**/graphql", async (route) => {
    const isRead = /^query Config\b/.test(route.request().postDataJSON().query);
    if (!isRead) return await route.continue();
    reads += 1;
    const answer = await route.fetch();
    // The answer is of before the second change, and arrives after the page was told of it.
    if (reads === 1) {
      await patchConfig(gateway, "harbor", "conferences", { pin_timeout: 2_222 });
      await expect.poll(() => reads).toBe(2);
    }
    await route.fulfill({ response: answer });
  });
  await patchConfig(gateway, "harbor", "conferences", { pin_timeout: 1_111 });
  await rowOf(page, "/pin_timeout").getByText("2222").waitFor();
});

test("after a cut the console connects again and shows what it missed", async () => {
  const page = await openConsole(browser, gateway, "/console/accounts/oceanic");
  await page.waitForSelector(LIVE);
  const sockets: WebSocketRoute[] = [];
  await page.routeWebSocket(/\/graphql$/, (socket) => {
    sockets.push(socket);
    socket.connectToServer();
  });
  await page.goto(gateway.origin + configPath("oceanic", "conferences"));
  await page.waitForSelector(LIVE);
  await rowOf(page, "/pin_timeout").waitFor();
  await sockets[0]?.close({ code: 1012 });
  await page.waitForSelector('[data-live="connecting"]');
  await patchConfig(gateway, "oceanic", "conferences", { pin_timeout: 3_333 });
  await page.waitForSelector(LIVE);
  expect(sockets.length).toBe(2);
  await rowOf(page, "/pin_timeout").getByText("3333").waitFor();
});

test("the configs of an account, and the system level, follow as well", async () => {
  const page = await openConsole(browser, gateway, "/console/accounts/direct");
  await page.waitForSelector(LIVE);
  await page.locator('[data-config="fax"] [data-overrides="0"]').waitFor();
  await patchConfig(gateway, "direct", "fax", { max_outbound: 7 });
  await page.locator('[data-config="fax"] [data-overrides="1"]').waitFor();
  await page.goto(gateway.origin + configPath(null, "fax"));
  await rowOf(page, "/max_outbound").getByText("20").waitFor();
  await gateway.graphql(
    "mutation ($input: PatchSystemConfigInput!) { patchSystemConfig(input: $input) { __typename } }",
    {
      input: { configId: "fax", patch: { max_outbound: 21 } },
    },
  );
  await rowOf(page, "/max_outbound").getByText("21").waitFor();
});

test("the system level is told of its changes, also of those that no account sees", async () => {
  // Nothing is looked at now and then.
  const page = await openConsole(browser, gateway, configPath(null, "conferences"), {
    initScript: "window.setInterval = () => 0;",
  });
  await page.waitForSelector(LIVE);
  await rowOf(page, "/pin_timeout").waitFor();
  const patchSystem = (patch: object) =>
    gateway.graphql(
      "mutation ($input: PatchSystemConfigInput!) { patchSystemConfig(input: $input) { __typename } }",
      { input: { configId: "conferences", patch } },
    );
  await patchSystem({ bridge_username: "only the system's" });
  await rowOf(page, "/bridge_username").getByText("only the system's").waitFor();
  await patchSystem({ pin_timeout: 6_001 });
  await rowOf(page, "/pin_timeout").getByText("6001").waitFor();
  await page.goto(`${gateway.origin}/console/system`);
  await page.locator('[data-config="media"] [data-overrides="0"]').waitFor();
  await gateway.graphql(
    "mutation ($input: PatchSystemConfigInput!) { patchSystemConfig(input: $input) { __typename } }",
    { input: { configId: "media", patch: { default_language: "de-de" } } },
  );
  await page.locator('[data-config="media"] [data-overrides="1"]').waitFor();
});
