import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { strata } from "../archive/strata-process.js";
import { temporaryFolder } from "../temporary-folder.js";

const declared = (): string => {
  const folder = join(temporaryFolder(), "declared");
  mkdirSync(join(folder, "system"), { recursive: true });
  writeFileSync(join(folder, "system/conferences.json"), "{}");
  return folder;
};

/** Every command that takes a store, with what else it needs. */
const COMMANDS: readonly (readonly [string, () => readonly string[]])[] = [
  ["export", () => []],
  ["diff", () => ["--since", "1h"]],
  ["plan", () => [declared()]],
  ["apply", () => [declared()]],
  ["check", () => ["--schemas", new URL("../../schemas", import.meta.url).pathname]],
  ["prune", () => ["--account", "acme"]],
  ["prune", () => ["--account", "acme", "--apply"]],
  ["audit", () => []],
];

describe("A command that is given a store", () => {
  test.each([...COMMANDS, ["accept", () => []] as const])(
    "%s names the option, and not the setting, where it cannot be used",
    async (command, args) => {
      for (const given of [["--store", "mysql:x"], ["--store=mysql:x"]]) {
        const { code, errors } = await strata([command, ...args(), ...given]);
        expect(code).toBe(1);
        expect(errors).toContain("  --store: must be lmdb:<folder>");
        expect(errors).not.toContain("STRATA_STORE");
      }
      const { errors } = await strata([command, ...args()], { STRATA_STORE: "mysql:x" });
      expect(errors).toContain("  STRATA_STORE: must be lmdb:<folder>");
    },
  );

  test.each(COMMANDS)("%s makes none where there is none, and says so", async (command, args) => {
    const folder = join(temporaryFolder(), "nowhere");
    const { code, output, errors } = await strata([command, ...args(), "--store", `lmdb:${folder}`]);
    expect([code, output, errors]).toEqual([1, "", `There is no store in the folder ${folder}.\n`]);
    expect(existsSync(folder)).toBe(false);
  });

  test.each(COMMANDS)("%s names the option where the folder is none", async (command, args) => {
    const folder = join(temporaryFolder(), "file");
    writeFileSync(folder, "");
    const { code, errors } = await strata([command, ...args(), "--store", `lmdb:${folder}`]);
    expect(code).toBe(1);
    expect(errors).toContain(`The store folder ${folder} cannot be used`);
    expect(errors).toContain("--store names the folder.");
    expect(errors).not.toContain("STRATA_STORE");
  });
});

test("strata plan and apply name the option and the file that cannot be written or read", async () => {
  const file = join(temporaryFolder(), "no", "plan.json");
  const read = await strata(["apply", declared(), "--plan", file]);
  expect(read).toMatchObject({
    code: 2,
    errors: expect.stringContaining(`The file of --plan, ${file}, cannot be read (ENOENT).`),
  });
});
