import { expect, test } from "vitest";
import type { Json, JsonObject, JsonObjectDraft } from "../../src/domain/json/json.js";
import { load } from "./temporary-folder.js";

const DRAFT_04 = "http://json-schema.org/draft-04/schema#";
const CONFIGS = 167;
const WITH_ACCOUNT = 30;
const FILES = 780;

const setting = (name: string, rest: JsonObject): JsonObject => ({
  description: `the ${name}`,
  name,
  ...rest,
});

/** A config in the manner of a deployment that grew for years: flat settings, some nested, some shared. */
function configSchema(kind: string, number: number): JsonObject {
  const properties: JsonObjectDraft = {};
  for (let i = 0; i < 25; i++) {
    properties[`flag_${i}`] = setting(`flag ${i}`, { type: "boolean", default: i % 2 === 0 });
    properties[`timeout_${i}_ms`] = setting(`timeout ${i}`, {
      type: "integer",
      default: 100 * i,
      minimum: 0,
      exclusiveMinimum: false,
    });
  }
  properties.recording = {
    properties: { formats: { properties: { audio: setting("audio", { type: "string", default: "mp3" }) } } },
  };
  properties.modules = setting("modules", {
    type: "object",
    default: {},
    "kazoo-validation": true,
    support_level: "supported",
  });
  properties.formatters = { type: "object", description: "what to rewrite", $ref: "formatters" };
  properties.keys = { $ref: `shared.${number % 100}` };
  properties.flow = { $ref: "flow" };
  return {
    $schema: DRAFT_04,
    _id: `${kind}_config.c${number}`,
    type: "object",
    description: `config ${number}`,
    properties,
  };
}

/** One of five that refer to each other in a circle. */
function shared(number: number): JsonObject {
  const next = number % 5 === 4 ? number - 4 : number + 1;
  const digit = setting("digit", { type: "string", enum: ["1", "2", "#"], default: "1" });
  return {
    $schema: DRAFT_04,
    _id: `shared.${number}`,
    type: "object",
    properties: { digit, more: { $ref: `shared.${next}` } },
  };
}

test("a folder of 780 files of draft 04 with 167 configs loads, and nothing in it is lost", () => {
  const files: Record<string, Json> = {
    formatters: {
      $schema: DRAFT_04,
      patternProperties: {
        "^[[:alnum:]_]+$": {
          oneOf: [{ type: "array", items: { $ref: "formatters.options" } }, { $ref: "formatters.options" }],
        },
      },
    },
    "formatters.options": {
      type: "object",
      $schema: DRAFT_04,
      properties: { regex: { type: "string" }, strip: { type: "boolean" } },
    },
    flow: {
      $schema: DRAFT_04,
      properties: {
        module: { type: "string", maxLength: 64 },
        children: { patternProperties: { ".+": { $ref: "flow" } } },
      },
      required: ["module"],
    },
  };
  for (let i = 0; i < CONFIGS; i++) files[`system_config.c${i}`] = configSchema("system", i);
  for (let i = 0; i < WITH_ACCOUNT; i++) files[`account_config.c${i}`] = configSchema("account", i);
  for (let i = 0; Object.keys(files).length < FILES; i++) files[`shared.${i}`] = shared(i);

  const started = performance.now();
  const { configs, problems } = load(files);
  console.log(`${FILES} files with ${CONFIGS} configs: ${(performance.now() - started).toFixed(0)} ms`);

  expect(problems).toEqual([]);
  expect(configs.size).toBe(CONFIGS);
  expect([...configs.values()].filter(({ forAccount }) => forAccount)).toHaveLength(WITH_ACCOUNT);
  for (const { forSystem } of configs.values()) {
    expect(forSystem.defaults).toMatchObject({
      flag_0: true,
      timeout_24_ms: 2_400,
      recording: { formats: { audio: "mp3" } },
    });
    expect(forSystem.defaults).toMatchObject({ modules: {}, keys: { digit: "1" } });
    const broken = {
      formatters: { from: [{ strip: "yes" }], "bad name": 1 },
      keys: { digit: "9" },
      flow: { children: { x: {} } },
    };
    expect(forSystem.validate({ ...forSystem.defaults, ...broken }).map(({ pointer }) => pointer)).toEqual(
      expect.arrayContaining([
        "/formatters/from/0/strip",
        "/keys/digit",
        "/flow/module",
        "/flow/children/x/module",
      ]),
    );
  }
});
