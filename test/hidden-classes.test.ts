import { setFlagsFromString } from "node:v8";
import { runInThisContext } from "node:vm";
import { expect, test } from "vitest";
import type { JsonObject } from "../src/domain/json/json.js";
import { EVERYTHING } from "../src/domain/merge/visibility.js";
import type { Perspective } from "../src/schema/config-schema.js";
import { visibleLayer } from "../src/service/read/visible-layer.js";
import {
  changeBody,
  documentBody,
  documentRevision,
  parseChange,
  recordOf,
  storedDocument,
} from "../src/store/records.js";

// In Node 20 an object literal that begins with a spread, and has members behind it that are new, gets a hidden class that nothing
// else has. To make one takes a microsecond, what reads it is slow from then on, and what it refers to lives until old memory is
// collected.

setFlagsFromString("--allow-natives-syntax");
const areAlike = runInThisContext("(one, other) => %HaveSameMap(one, other)") as (
  one: object,
  other: object,
) => boolean;

const at = "2026-01-01T00:00:00.000Z";
const perspective = { visibility: EVERYTHING } as Perspective;
const key = { accountId: "a", configId: "c" };

const recorded = (value: number) =>
  recordOf(
    { revision: value, sequence: value, nonce: "n" },
    documentBody({ kind: "SET", at, by: "ada" }, JSON.stringify({ value } satisfies JsonObject)),
  );
const changed = (value: number) => {
  const write = { on: "document", key, kind: "SET", override: { value } } as const;
  return recordOf({ revision: value, sequence: value, nonce: "n" }, changeBody({ write, at, by: "ada" }));
};

test.each<[string, (value: number) => object | undefined]>([
  ["a revision that was read", (value) => documentRevision(recorded(value))],
  ["a visible layer", (value) => visibleLayer(storedDocument(recorded(value)), perspective)],
  ["a change of the feed", (value) => parseChange(changed(value))],
])("%s has the hidden class that all of its kind have", (_, make) => {
  const [one, other] = Array.from({ length: 1_000 }, (_, value) => make(value + 1)).slice(-2);
  expect(areAlike(one as object, other as object)).toBe(true);
});
