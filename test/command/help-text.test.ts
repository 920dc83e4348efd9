import { describe, expect, test } from "vitest";
import { COMMAND_TABLE, type CommandEntry } from "../../src/command/command-table.js";
import { strata } from "../archive/strata-process.js";

const COMMANDS: [string, CommandEntry][] = Object.entries(COMMAND_TABLE);
/** One option of a command, after which it is refused for another reason, or not at all. */
const unknownOption = async (command: string, ...args: string[]): Promise<boolean> => {
  const { errors } = await strata([command, ...args, "--store", "mysql:x"], { STRATA_SCHEMAS: "nowhere" });
  return errors.startsWith(`There is no option ${args[0]}.`);
};

describe("strata <command> --help", () => {
  test.each(COMMANDS)("of %s lists every option, and what counts without it", async (name, { options }) => {
    for (const ask of [
      [name, "--help"],
      [name, "x", "-h"],
      ["help", name],
    ]) {
      const { code, output, errors } = await strata(ask);
      expect([code, errors]).toEqual([0, ""]);
      expect(output).toMatch(new RegExp(`^Usage: strata ${name}\\b`));
      for (const [option, { value, standard }] of Object.entries(options)) {
        const line = output.split("\n").find((each) => each.trim().startsWith(`--${option} `));
        expect(line).toBeDefined();
        if (value !== undefined) expect(line).toContain(`--${option} <${value}>`);
        if (standard !== undefined) expect(line).toContain(`by default ${standard}`);
      }
    }
  });

  test.each(COMMANDS.filter(([name]) => name !== "start"))(
    "of %s shows what the command takes, and nothing that it does not",
    async (name, { options }) => {
      for (const [option, { type }] of Object.entries(options))
        expect(await unknownOption(name, `--${option}`, ...(type === "string" ? ["x"] : []))).toBe(false);
      expect(await unknownOption(name, "--no-such-option")).toBe(true);
      if (!("store" in options))
        expect((await strata([name, "--store", "x"])).errors).toContain("no option --store");
    },
  );

  test("of a command that there is not says so; that of help is all of it", async () => {
    expect(await strata(["help", "exprot"])).toMatchObject({ code: 2, output: "" });
    const all = await strata(["help"]);
    for (const ask of [
      ["help", "help"],
      ["help", "--help"],
      ["--version", "-h"],
    ])
      expect(await strata(ask)).toEqual(all);
  });

  test("no line is longer than a screen of 170 columns", async () => {
    const { output } = await strata(["help"]);
    for (const line of output.split("\n")) expect(line.length).toBeLessThanOrEqual(170);
    for (const [name, { summary }] of COMMANDS) {
      expect(output).toContain(`\n  ${name}`);
      expect(output).toContain(summary);
    }
  });
});

describe("--json", () => {
  test("is taken by every command that can print JSON, and by those that print nothing else", () => {
    const taken = COMMANDS.flatMap(([name, { options }]) => ("json" in options ? name : []));
    expect(taken).toEqual(["diff", "import-kazoo", "plan", "apply", "check", "prune", "audit", "manifest"]);
  });

  test("of manifest changes nothing, and of types names where the JSON is", async () => {
    const plain = await strata(["manifest"]);
    expect(JSON.parse(plain.output)).toHaveProperty("flags");
    expect(await strata(["manifest", "--json"])).toEqual(plain);
    expect(await strata(["types", "--json"])).toMatchObject({
      code: 2,
      errors: expect.stringContaining("The settings as JSON are printed by strata manifest."),
    });
  });
});
