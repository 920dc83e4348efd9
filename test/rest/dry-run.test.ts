import { expect, test } from "vitest";
import { configUrl, openRestApp } from "./rest-app.js";

test("a write with ?dryRun=true answers with its impact, and writes nothing", async () => {
  const rest = await openRestApp();
  const send = (method: "PUT" | "POST" | "PATCH" | "DELETE", account: string, dryRun: boolean) =>
    rest.app.inject({
      method,
      url: `${configUrl(account, "conferences")}?dryRun=${dryRun}`,
      headers: { "content-type": "application/json" },
      ...(method !== "DELETE" && { payload: { data: { pin_timeout: 1 } } }),
    });
  const commits = rest.commits();
  for (const method of ["PUT", "POST", "PATCH", "DELETE"] as const) {
    const response = await send(method, "reseller", true);
    expect([response.statusCode, response.headers.etag]).toEqual([200, undefined]);
    expect(response.json().impact).toMatchObject({
      total: 1,
      counts: { BROKEN: 0 },
      digest: expect.any(String),
    });
  }
  expect((await send("PATCH", "leaf", true)).json().impact).toBeNull();
  expect(rest.commits()).toBe(commits);
  const written = await send("PATCH", "reseller", false);
  expect(written.json()).not.toHaveProperty("impact");
  expect(rest.commits()).toBe(commits + 1);
});
