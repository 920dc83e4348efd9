import { EventSource } from "eventsource";
import { afterAll, expect, test, vi } from "vitest";
import { followPinTimeout } from "./docs/flags-page.js";
import { pinTimeout } from "./docs/flags-server.js";
import { openStrata } from "./strata.js";

vi.stubGlobal("EventSource", EventSource);
afterAll(() => void vi.unstubAllGlobals());

const strata = openStrata();
const origin = () => new URL(strata.url).origin;

test("the example for Node reads a setting, and the one for a page follows it", async () => {
  const token = () => strata.token("acme");
  expect(await pinTimeout(origin(), await token())).toEqual([3_000, "account"]);
  const shown: number[] = [];
  const stop = await followPinTimeout(origin(), token, (milliseconds) => shown.push(milliseconds));
  expect(shown).toEqual([3_000]);
  const written = await fetch(`${origin()}/v2/accounts/acme/configs/conferences`, {
    method: "PATCH",
    headers: { "x-auth-token": await token(), "content-type": "application/json" },
    body: JSON.stringify({ data: { pin_timeout: 4_500 } }),
  });
  expect(written.status).toBe(200);
  await expect.poll(() => shown, { timeout: 20_000 }).toEqual([3_000, 4_500]);
  expect(await pinTimeout(origin(), await token())).toEqual([4_500, "account"]);
  await stop();
});
