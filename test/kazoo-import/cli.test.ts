import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ImportReport } from "../../src/kazoo-import/import-report.js";
import { originOf, spawnStrata, strata } from "../archive/strata-process.js";
import { sharedRedisUrl } from "../redis/run-redis.js";
import { temporaryFolder } from "../temporary-folder.js";

const FIXTURE = new URL("../fixtures/kazoo", import.meta.url).pathname;
const [MASTER, RESELLER, ACCOUNT, BELOW] = [
  "5a1f0e9c3b7d4862a0c4e6f8b1d35790",
  "6b2e1fad4c8e5973b1d5f709c2e4680a",
  "7c3f20be5d9f6a84c2e6081ad3f5791b",
  "8d4031cf6ea07b95d3f7192be406802c",
] as const;

const STORES: readonly (readonly [string, () => Record<string, string>])[] = [
  ["LMDB", () => ({ STRATA_STORE: `lmdb:${join(temporaryFolder(), "store")}` })],
  [
    "Redis",
    () => ({ STRATA_STORE: sharedRedisUrl(), STRATA_CELL: randomUUID(), STRATA_STATE: temporaryFolder() }),
  ],
];

/** What an export says of the store: accounts by id, and the newest override of each document. */
async function contents(settings: Record<string, string>) {
  const file = join(temporaryFolder(), "all.jsonl");
  expect(await strata(["export", "--to", file], settings)).toMatchObject({ code: 0 });
  const lines = readFileSync(file, "utf8").trimEnd().split("\n").slice(1, -1);
  const accounts: Record<string, unknown> = {};
  const documents: Record<string, unknown> = {};
  for (const line of lines) {
    const { account, write } = JSON.parse(line);
    if (account !== undefined) accounts[account.id] = [account.name, account.parentId, account.isReseller];
    if (write !== undefined) {
      documents[`${write.accountId ?? "system"}/${write.configId}`] = write.override;
      expect(write.by).toBe("import-kazoo");
    }
  }
  return { accounts, documents };
}

async function report(args: readonly string[], settings: Record<string, string>): Promise<ImportReport> {
  const { code, output, errors } = await strata(["import-kazoo", FIXTURE, "--json", ...args], settings);
  expect([code, errors]).toEqual([0, ""]);
  return JSON.parse(output);
}

describe.each(STORES)("import-kazoo into %s", (kind, newSettings) => {
  test("tries, writes, and has nothing more to write", async () => {
    const settings = newSettings();
    const tried = await report([], settings);
    expect(tried.applied).toBe(false);
    if (kind === "LMDB") expect(existsSync(settings.STRATA_STORE?.slice("lmdb:".length) ?? "")).toBe(false);
    const applied = await report(["--apply"], settings);
    expect(applied).toEqual({ ...tried, applied: true });
    expect(applied).toMatchObject({
      accounts: { created: 4, kept: 0 },
      configs: { written: 7, unchanged: 1 },
      otherDocuments: 3,
    });
    const after = await contents(settings);
    expect(after).toEqual({
      accounts: {
        [MASTER]: ["Carrier", undefined, false],
        [RESELLER]: ["Alpine Telecom", MASTER, true],
        [ACCOUNT]: ["Summit", RESELLER, false],
        [BELOW]: ["Summit Berlin", ACCOUNT, false],
      },
      documents: {
        "system/conferences": { number_timeout: 8000, bridge_password: "s3same" },
        "system/callflow": { voicemail: { max_message_count: 200 } },
        [`${RESELLER}/conferences`]: { pin_timeout: 4000 },
        [`${RESELLER}/callflow`]: { voicemail: { max_message_length: 300 } },
        [`${ACCOUNT}/conferences`]: { entry_tone: "tone_stream://%(1000,0,2600)" },
        [`${ACCOUNT}/callflow`]: { voicemail: { max_message_length: 400 } },
        [`${BELOW}/default`]: { max_upload_size: 99 },
      },
    });
    const again = await report(["--apply"], settings);
    expect(again).toEqual({
      ...applied,
      accounts: { created: 0, kept: 4 },
      configs: { written: 0, unchanged: 8 },
    });
    expect(await contents(settings)).toEqual(after);
    expect(await report([], settings)).toEqual({ ...again, applied: false });
  });

  test("tells everything that is left out, and no value of it", async () => {
    const { leftOut } = await report([], newSettings());
    const lines = leftOut.map(({ reason, file, document, pointer }) =>
      [reason, file, document, pointer].join(" "),
    );
    const own = "account/7c/3f/20be5d9f6a84c2e6081ad3f5791b";
    expect(lines.sort()).toEqual([
      `deleted ${own}/configs_fax.json configs_fax `,
      "deleted accounts.json 9e5142d07fb18ca6e4082a3cf517913d ",
      "deleted system_config/retired.json retired ",
      `invalid ${own}/configs_callflow.json configs_callflow /voicemail/max_message_count`,
      `invalid ${own}/configs_conferences.json configs_conferences /exit_tone`,
      "invalid system_config/callflow.json callflow /default/voicemail/max_message_length",
      "noAccount account/9e/51/42d07fb18ca6e4082a3cf517913d/configs_conferences.json configs_conferences ",
      `noSchema ${own}/configs_no.such.config.json configs_no.such.config `,
      "noSchema system_config/ecallmgr.json ecallmgr /default",
      "node system_config/conferences.json conferences /kazoo_apps@apps1.example.com",
      "node system_config/conferences.json conferences /zone1",
      `null ${own}/configs_conferences.json configs_conferences /number_timeout`,
      `systemOnly ${own}/configs_conferences.json configs_conferences /bridge_password`,
      `unknown ${own}/configs_conferences.json configs_conferences /nonsense`,
      "unknown system_config/conferences.json conferences /default/not_in_any_schema",
    ]);
    expect(JSON.stringify(leftOut)).not.toMatch(/s3same|mine/);
  });
});

test("for people it says what would be, and how to do it", async () => {
  const settings = STORES[0]?.[1]() ?? {};
  const { code, output, errors } = await strata(["import-kazoo", FIXTURE], settings);
  expect([code, errors]).toEqual([0, ""]);
  expect(output).toMatch(/^4 accounts would be created, 0 are there already\n/);
  expect(output).toContain("settings that no schema declares (unknown): 2\n");
  expect(output).toMatch(/nothing was written\. Run it again with --apply to write\.\n$/);
  const applied = await strata(["import-kazoo", FIXTURE, "--apply"], settings);
  expect(applied.output).toMatch(/^4 accounts created, 0 are there already\n7 configs written/);
});

test("a store that a server has is refused, and the server goes on", async () => {
  const settings = STORES[0]?.[1]() ?? {};
  const { child } = spawnStrata([], { ...settings, STRATA_EXAMPLES: "off" });
  await originOf(child);
  for (const args of [[], ["--apply"]]) {
    const { code, output, errors } = await strata(["import-kazoo", FIXTURE, ...args], settings);
    expect([code, output]).toEqual([1, ""]);
    expect(errors).toMatch(/in use|another process|has it/i);
    expect(errors.trimEnd().split("\n")).toHaveLength(1);
  }
});

test.each([
  [[], /needs one folder/, 2],
  [["a", "b"], /needs one folder/, 2],
  [["a", "--dry-run"], /no option/, 2],
  [["/nowhere"], /^The folder \/nowhere cannot be read: /, 1],
])("%j is refused", async (args, message, exitCode) => {
  const { code, errors } = await strata(["import-kazoo", ...args], STORES[0]?.[1]() ?? {});
  expect(errors).toMatch(message);
  expect(code).toBe(exitCode);
});
