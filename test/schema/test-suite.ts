import { createRequire } from "node:module";
import { isObject, type JsonObject } from "../../src/domain/json/json.js";
import { type Draft, uriOf } from "../../src/schema/draft.js";
import type { SchemaRegistry } from "../../src/schema/schema-registry.js";
import { type Group, readOfficialSuite } from "./official-suite.js";
import { type Files, load, SOUND } from "./temporary-folder.js";

/** One value of the suite, and what Strata made of it. */
export interface Row {
  readonly name: string;
  readonly expected: boolean;
  /** Undefined: the schema was not taken. */
  readonly found: boolean | undefined;
  /** Why the schema, or a part of it, was not taken. */
  readonly problem: string | undefined;
}

export const SUITE_DRAFTS: readonly (readonly [string, Draft])[] = [
  ["draft4", "04"],
  ["draft6", "06"],
  ["draft7", "07"],
  ["draft2019-09", "2019-09"],
  ["draft2020-12", "2020-12"],
];

const suite = readOfficialSuite(SUITE_DRAFTS.map(([name]) => name));

const requireJson = createRequire(import.meta.url);
const META =
  "applicator content core meta-data validation unevaluated format-annotation format format-assertion";

/** Files of the suite by what their names begin with; required ones have no folder in front. */
export function rowsOf(name: string, draft: Draft, isWanted: (file: string) => boolean): Row[] {
  const named = Object.entries(suite.drafts[name] ?? {}).filter(([file]) => isWanted(file));
  const groups = named.flatMap(([file, list]) => list.map((group) => ({ file, group })));
  // Identifiers of different groups would meet; the rest is loaded at once.
  const isAlone = ({ group }: { group: Group }) =>
    /"(?:\$?id|\$ref)":"[^#]/.test(JSON.stringify(group.schema));
  const together = groups.filter((one) => !isAlone(one));
  const registry = load(
    Object.fromEntries([
      ["account_config.sound", SOUND],
      ...together.map(({ group }, i) => [`account_config.g${i}`, schemaOf(group, draft)]),
    ]),
  );
  return [
    ...together.flatMap(({ file, group }, i) => judge(registry, `g${i}`, `${name}/${file}`, group)),
    ...groups.filter(isAlone).flatMap(({ file, group }) => {
      const files = { "account_config.g": schemaOf(group, draft), ...neighbours(group, name, draft) };
      return judge(load({ ...files, "account_config.sound": SOUND }), "g", `${name}/${file}`, group);
    }),
  ];
}

/** A file holds an object, and names its draft. */
function schemaOf({ schema }: Group, draft: Draft): JsonObject {
  const $schema = uriOf(draft);
  return isObject(schema) ? { $schema, ...schema } : { $schema, allOf: [schema] };
}

/** What the suite serves over HTTP, and the metaschemas, as files that say where they belong. */
function neighbours(group: Group, name: string, draft: Draft): Files {
  const text = JSON.stringify(group.schema);
  const files: Record<string, JsonObject> = {};
  if (text.includes("localhost:1234") || text.includes('"$ref"')) {
    for (const [path, remote] of Object.entries(suite.remotes)) {
      const isOfAnotherDraft = path.startsWith("draft") && !path.startsWith(`${name}/`);
      if (!isObject(remote) || (isOfAnotherDraft && !text.includes(path))) continue;
      const id = draft === "04" ? "id" : "$id";
      const own = remote.$schema === undefined ? { $schema: uriOf(draft) } : {};
      files[`remote ${path.replaceAll("/", " ")}`] = {
        ...own,
        [id]: `http://localhost:1234/${path}`,
        ...remote,
      };
    }
  }
  if (/"\$ref":"https?:\/\/json-schema\.org/.test(text)) Object.assign(files, metaschemas(draft));
  return files;
}

function metaschemas(draft: Draft): Record<string, JsonObject> {
  const read = (path: string) => requireJson(path) as JsonObject;
  if (draft === "04") return { meta: read("ajv-draft-04/dist/refs/json-schema-draft-04.json") };
  if (draft === "06" || draft === "07")
    return { meta: read(`ajv/dist/refs/json-schema-draft-${draft}.json`) };
  const folder = `ajv/dist/refs/json-schema-${draft}`;
  const parts = META.split(" ").flatMap((part) => {
    try {
      return [[`meta ${part}`, read(`${folder}/meta/${part}.json`)] as const];
    } catch {
      return [];
    }
  });
  return { meta: read(`${folder}/schema.json`), ...Object.fromEntries(parts) };
}

function judge({ configs, problems }: SchemaRegistry, id: string, file: string, group: Group): Row[] {
  const side = configs.get(id)?.account;
  const own = problems.filter((problem) => problem.file === `account_config.${id}.json`);
  const problem = own.map(({ pointer, reason }) => `${pointer} ${reason}`).join("; ") || undefined;
  return group.tests.map(({ description, data, valid }) => ({
    name: `${file}: ${group.description}: ${description}`,
    expected: valid,
    found: side && side.validate(data).length === 0,
    problem,
  }));
}
