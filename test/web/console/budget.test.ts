import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";

const BUILT = new URL("../../../dist/web/", import.meta.url);

test("the console's script and style are at most 200 KB compressed, and nothing of it is inline", () => {
  const html = readFileSync(new URL("console/index.html", BUILT), "utf8");
  const named = [...html.matchAll(/(?:src|href)="\/web\/assets\/([\w.-]+)"/g)].map(([, name = ""]) => name);
  expect(named.length).toBeGreaterThanOrEqual(2);
  const files = new Set(named);
  // What a script imports comes along; of the explorer's parts none does.
  for (const file of files) {
    const text = readFileSync(new URL(`assets/${file}`, BUILT), "utf8");
    for (const other of readdirSync(new URL("assets/", BUILT)))
      if (/\.(js|css)$/.test(other) && text.includes(other)) files.add(other);
  }
  const bytes = [...files].map((file) => gzipSync(readFileSync(new URL(`assets/${file}`, BUILT))).length);
  expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(200_000);
  expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=/);
});
