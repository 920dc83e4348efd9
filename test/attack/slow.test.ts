import { expect, test } from "vitest";
import { TIME_OUTS } from "../../src/http/connection-limits.js";
import { attackFamily } from "./family.js";
import { SHORT, SLOW_ATTACKS } from "./slow-attacks.js";

attackFamily("slow peers", SLOW_ATTACKS, { timeOuts: SHORT });

test("the time-outs of production are bounded, and a connection outlives a proxy's minute", () => {
  expect(Object.keys(TIME_OUTS)).toEqual(Object.keys(SHORT));
  for (const milliseconds of Object.values(TIME_OUTS)) expect(milliseconds).toBeGreaterThan(0);
  expect(TIME_OUTS.headers).toBeLessThanOrEqual(TIME_OUTS.request);
  expect(TIME_OUTS.request).toBeLessThanOrEqual(30_000);
  expect(TIME_OUTS.silence).toBeLessThanOrEqual(30_000);
  expect(TIME_OUTS.keepAlive).toBeGreaterThan(60_000);
});
