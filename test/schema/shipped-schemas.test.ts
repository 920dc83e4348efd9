import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { isObject, type Json, type JsonObject } from "../../src/domain/json/json.js";
import { appendToken } from "../../src/domain/json/pointer.js";
import { loadSchemaRegistry } from "../../src/schema/schema-registry.js";

const FOLDER = "schemas";
const IDS =
  "auth.password call_command callflow cdr conferences crossbar.auth crossbar.sms default doodle fax kazoo_endpoint keys ledgers media notify number_manager omnipresence privacy stepswitch tasks.bill_early voicemail webhooks";

const { configs, problems } = loadSchemaRegistry(FOLDER);

test("the shipped folder has the 22 configs, both sides of each, and no problem", () => {
  expect([...configs.keys()].join(" ")).toBe(IDS);
  expect([...configs.values()].filter(({ account, system }) => !account || !system)).toEqual([]);
  expect(problems).toEqual([]);
});

test("every config has a title and a description", () => {
  expect([...configs.values()].filter(({ title, description }) => !title || !description)).toEqual([]);
});

test("every setting in every file has a title and a description of its own", () => {
  const silent: string[] = [];
  const visit = (value: Json, pointer: string, isSetting: boolean): void => {
    if (Array.isArray(value)) for (const [i, item] of value.entries()) visit(item, `${pointer}/${i}`, false);
    if (!isObject(value)) return;
    if (isSetting && !(typeof value.title === "string" && typeof value.description === "string"))
      silent.push(pointer);
    for (const [keyword, inside] of Object.entries(value)) {
      if (["default", "enum", "const", "examples"].includes(keyword)) continue;
      const at = appendToken(pointer, keyword);
      if (keyword === "properties" || keyword === "patternProperties") {
        for (const [name, member] of Object.entries(inside as JsonObject))
          visit(member, appendToken(at, name), true);
      } else visit(inside, at, false);
    }
  };
  for (const file of readdirSync(FOLDER))
    visit(JSON.parse(readFileSync(`${FOLDER}/${file}`, "utf8")), file, false);
  expect(silent).toEqual([]);
});

test("the defaults of every config are what its system schema, and what accounts see of them what their schema accepts", () => {
  for (const { id, forAccount, forSystem } of configs.values()) {
    expect([id, forSystem.validate(forSystem.defaults ?? {})]).toEqual([id, []]);
    expect([id, forAccount?.validate(forAccount.defaults ?? {})]).toEqual([id, []]);
  }
});

test("conference profiles come by name or as a list, and none is there by default", () => {
  const conferences = configs.get("conferences")?.forAccount;
  const profile = { "max-members": 400, "announce-count": 300 };
  expect(conferences?.validate({ profiles: { one: profile } })).toEqual([]);
  expect(conferences?.validate({ profiles: [{ one: profile }] })).toEqual([]);
  expect(conferences?.visibility.member("profiles")?.member("one")?.member("max-members")).toBeDefined();
  expect(Object.keys(conferences?.defaults ?? {})).toHaveLength(7);
});
