import { expect, test } from "vitest";
import { parseTime } from "../../src/domain/clock.js";

test.each([
  ["2026-11-22T09:30:00Z", "2026-11-22T09:30:00.000Z"],
  ["2026-11-22t09:30:00.1z", "2026-11-22T09:30:00.100Z"],
  ["2026-11-22T09:30:00.1239999Z", "2026-11-22T09:30:00.123Z"],
  ["2026-11-22T00:30:00+02:00", "2026-11-21T22:30:00.000Z"],
  ["2024-02-29T23:59:59.999-00:30", "2024-03-01T00:29:59.999Z"],
  ["2026-02-29T00:00:00Z", undefined],
  ["2026-11-22T24:00:00Z", undefined],
  ["2026-11-22T09:30:60Z", undefined],
  ["2026-11-22T09:30:00", undefined],
  ["2026-11-22T09:30:00+25:00", undefined],
  ["0000-01-01T00:00:00+01:00", undefined],
  ["2026-11-22 09:30:00Z", undefined],
  ["2026-11-22T09:30:00Z\n", undefined],
  ["1", undefined],
])("the RFC 3339 time %j is %s", (text, expected) => {
  expect(parseTime(text)).toBe(expected);
});
