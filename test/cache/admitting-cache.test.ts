import { describe, expect, test } from "vitest";
import { AdmittingCache } from "../../src/cache/admitting-cache.js";

interface Text {
  readonly text: string;
}

const KIB = 2 ** 10;
const open = (bytes: number, largestBytes?: number) =>
  new AdmittingCache<Text>({
    bytes,
    sizeOf: ({ text }) => text.length,
    ...(largestBytes !== undefined && { largestBytes }),
  });
const kept = (cache: AdmittingCache<Text>, count: number) =>
  Array.from({ length: count }, (_, n) => cache.get(`key ${n}`)).filter((value) => value !== undefined);

describe("a cache that admits on the second use", () => {
  test("does not cache what is offered once, and caches what is offered again", () => {
    const cache = open(KIB);
    cache.offer("key", { text: "first" });
    expect(cache.get("key")).toBeUndefined();
    expect(cache.has("key")).toBe(false);
    cache.offer("key", { text: "second" });
    expect(cache.get("key")).toEqual({ text: "second" });
  });

  test("replaces an entry that is offered anew", () => {
    const cache = open(KIB);
    cache.put("key", { text: "old" });
    cache.offer("key", { text: "new" });
    expect(cache.get("key")).toEqual({ text: "new" });
  });

  test("caches at once what is put", () => {
    const cache = open(KIB);
    cache.put("key", { text: "put" });
    expect(cache.get("key")).toEqual({ text: "put" });
  });

  test("tells beforehand whether a value would be admitted, which counts as a use", () => {
    const cache = open(KIB);
    expect([cache.admits("key"), cache.admits("key"), cache.admits("other")]).toEqual([false, true, false]);
  });

  test("stays within its bytes, and the least recently used entries go", () => {
    const cache = open(10 * KIB);
    for (let n = 0; n < 100; n++) {
      cache.put(`key ${n}`, { text: "x".repeat(KIB) });
      cache.get("key 0");
    }
    expect(kept(cache, 100)).toHaveLength(10);
    expect(cache.has("key 0")).toBe(true);
    expect(cache.has("key 99")).toBe(true);
  });

  test("does not cache an entry that is larger than allowed, and forgets what had its key", () => {
    const cache = open(10 * KIB, KIB);
    cache.put("key", { text: "small" });
    cache.put("key", { text: "x".repeat(KIB + 1) });
    expect(cache.get("key")).toBeUndefined();
  });

  test("takes sizes that are no whole numbers", () => {
    const cache = new AdmittingCache<Text>({ bytes: 10.5, sizeOf: () => 2.5 });
    for (let n = 0; n < 10; n++) cache.put(`key ${n}`, { text: "" });
    expect(kept(cache, 10)).toHaveLength(3);
  });
});
