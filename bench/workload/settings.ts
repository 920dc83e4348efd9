import type { Json, JsonObject, JsonObjectDraft } from "../../src/domain/json/json.js";

/** What the layers of the benchmark's configs hold: one list of settings, of which each layer has some. */

/** Configs by how many fields they have; the first is the one that is compared with others. */
export const FIELD_COUNTS = { phone: 30, phone300: 300, phone3000: 3_000 } as const;
export type BenchConfig = keyof typeof FIELD_COUNTS;

const PER_GROUP = 5;
const LAYERS = ["SCHEMA", "SYSTEM", "RESELLER", "ACCOUNT"] as const;
export type BenchLayer = (typeof LAYERS)[number];

/** Which settings a layer has. Together they have all; most fields have one or two contributions, some have three. */
const HAS: Readonly<Record<BenchLayer, (index: number) => boolean>> = {
  SCHEMA: (index) => index % 6 !== 5,
  SYSTEM: (index) => index % 6 === 5 || index % 5 === 1,
  RESELLER: (index) => index % 5 === 2 || index % 7 === 3,
  ACCOUNT: (index) => index % 5 === 3 || index % 10 === 0,
};

/** The setting that writes patch. The account has it; five digits always, so that no answer changes its length. */
export const PATCHED = {
  group: groupOf(0),
  name: nameOf(0),
  pointer: `/${groupOf(0)}/${nameOf(0)}`,
} as const;

/** What one layer has stored (SCHEMA: its defaults). `seed` tells one account's or reseller's values from another's. */
export function documentOf(layer: BenchLayer, config: BenchConfig, seed: number): JsonObject {
  const document: { [group: string]: JsonObjectDraft } = {};
  for (let index = 0; index < FIELD_COUNTS[config]; index++) {
    if (!HAS[layer](index)) continue;
    const group = groupOf(index);
    document[group] ??= {};
    document[group][nameOf(index)] = settingOf(index, layer, seed);
  }
  return document as JsonObject;
}

/** The two schema files of each config, by file name: every setting typed and described, as in a folder of KAZOO's. */
export function schemaFiles(): Map<string, JsonObject> {
  const files = new Map<string, JsonObject>();
  for (const config of Object.keys(FIELD_COUNTS) as BenchConfig[]) {
    files.set(`account_config.${config}.json`, schemaOf(config, false));
    files.set(`system_config.${config}.json`, schemaOf(config, true));
  }
  return files;
}

function schemaOf(config: BenchConfig, withDefaults: boolean): JsonObject {
  const defaults = documentOf("SCHEMA", config, 0);
  const groups: { [group: string]: { type: string; properties: JsonObjectDraft } } = {};
  for (let index = 0; index < FIELD_COUNTS[config]; index++) {
    const [group, name] = [groupOf(index), nameOf(index)];
    groups[group] ??= { type: "object", properties: {} };
    const value = (defaults[group] as JsonObject | undefined)?.[name];
    groups[group].properties[name] = {
      title: `Setting ${index}`,
      description: `What setting ${index} does, in one sentence.`,
      ...typeOf(index),
      ...(withDefaults && value !== undefined && { default: value }),
    };
  }
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: `Benchmark, ${FIELD_COUNTS[config]} fields`,
    type: "object",
    properties: groups as unknown as JsonObject,
  };
}

function groupOf(index: number): string {
  return `group_${Math.floor(index / PER_GROUP)}`;
}

function nameOf(index: number): string {
  return `setting_${index}`;
}

function settingOf(index: number, layer: BenchLayer, seed: number): Json {
  const own = 10_000 + ((LAYERS.indexOf(layer) * 20_000 + seed * 7 + index) % 90_000);
  switch (index % 4) {
    case 0:
      return own;
    case 1:
      return `tone_stream://%(200,0,${own})`;
    case 2:
      return own % 2 === 0;
    default:
      return ["PCMU", `codec-${own}`];
  }
}

function typeOf(index: number): JsonObject {
  switch (index % 4) {
    case 0:
      return { type: "integer" };
    case 1:
      return { type: "string" };
    case 2:
      return { type: "boolean" };
    default:
      return { type: "array", items: { type: "string" } };
  }
}
