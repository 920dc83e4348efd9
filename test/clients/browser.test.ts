import { expect, test } from "vitest";
import { openPage } from "./open-page.js";
import { openStrata } from "./strata.js";

const served = await openPage("page");
const strata = openStrata({ STRATA_CORS_ORIGINS: served.origin });

test.each([
  ["apollo", "globex", 7500],
  ["urql", "acme", 3000],
  ["relay", "acme-berlin", 7500],
])(
  "a page on another origin reads with %s, writes, and shows what was written",
  async (client, accountId, value) => {
    const page = await served.open();
    const said: string[] = [];
    page.on("console", (message) => {
      if (message.type() !== "info") said.push(`${message.type()}: ${message.text()}`);
    });
    page.on("pageerror", (error) => said.push(error.message));
    const { url } = strata;
    const token = await strata.token("summit");
    await page.goto(`${served.origin}/#${new URLSearchParams({ client, url, token, accountId })}`);
    const shown = () => page.textContent("main").then((text) => `${text} ${said.join("\n")}`);
    await expect.poll(shown, { timeout: 20_000 }).toContain(`"pin_timeout":${value}`);
    await page.getByRole("button", { name: "Write" }).click();
    await expect.poll(shown, { timeout: 20_000 }).toContain('"pin_timeout":9000');
    expect(said).toEqual([]);
    const written = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify({
        query: `{ config(accountId: "${accountId}", configId: "conferences") { value(at: "/pin_timeout") } }`,
      }),
    });
    expect(await written.json()).toEqual({ data: { config: { value: 9000 } } });
    await page.close();
  },
);
