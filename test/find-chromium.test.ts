import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findChromium } from "./find-chromium.js";
import { temporaryFolder } from "./temporary-folder.js";

function program(folder: string, name: string): string {
  const path = join(folder, name);
  writeFileSync(path, "#!/bin/sh\n");
  chmodSync(path, 0o755);
  return path;
}

test("the browser is that of CHROMIUM, by path or by name, before those that PATH has", async () => {
  const folder = temporaryFolder();
  const [usual, other] = [program(folder, "chromium"), program(folder, "chromium-beta")];
  expect(await findChromium({ PATH: folder })).toBe(usual);
  expect(await findChromium({ PATH: folder, CHROMIUM: "" })).toBe(usual);
  expect(await findChromium({ PATH: folder, CHROMIUM: "chromium-beta" })).toBe(other);
  expect(await findChromium({ PATH: "", CHROMIUM: other })).toBe(other);
});

test("a CHROMIUM that is none is an error, not another browser", async () => {
  const folder = temporaryFolder();
  program(folder, "chromium");
  for (const named of ["none", join(folder, "none"), folder])
    await expect(findChromium({ PATH: folder, CHROMIUM: named })).rejects.toThrow(
      /^CHROMIUM names no program/,
    );
});

test("without any it says what helps", async () => {
  await expect(findChromium({ PATH: temporaryFolder() })).rejects.toThrow(
    /apt-get install chromium.*CHROMIUM/,
  );
});
