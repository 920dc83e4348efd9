import { createRequire } from "node:module";
import { Ajv, type AnySchemaObject, type ErrorObject, type Options } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020 } from "ajv/dist/2020.js";
import draft04Module from "ajv-draft-04";
import type { JsonObject } from "../domain/json/json.js";
import { type Draft, uriOf } from "./draft.js";

const draft06 = createRequire(import.meta.url)("ajv/dist/refs/json-schema-draft-06.json") as AnySchemaObject;
// A CommonJS package: the class is the namespace's `default`.
const Ajv04 = draft04Module.default;

/** Lists what the metaschema of its draft rejects in a schema. Schemas are trusted to be small; values are not. */
export type CheckSchema = (schema: JsonObject, draft: Draft) => readonly ErrorObject[];

/** Checks by draft, each made when it is first needed. */
export function createSchemaCheck(): CheckSchema {
  const made = new Map<Draft, Ajv>();
  return (schema, draft) => {
    const ajv = made.get(draft) ?? instance(draft);
    made.set(draft, ajv);
    ajv.validate(uriOf(draft).replace(/#$/, draft === "04" ? "" : "#"), schema);
    return ajv.errors ?? [];
  };
}

function instance(draft: Draft): Ajv {
  const options: Options = { strict: false, allErrors: true, logger: false, validateFormats: false };
  switch (draft) {
    case "04":
      return new Ajv04(options) as unknown as Ajv;
    case "06":
      return new Ajv({ ...options, meta: false }).addMetaSchema(draft06);
    case "07":
      return new Ajv(options);
    case "2019-09":
      return new Ajv2019(options);
    case "2020-12":
      return new Ajv2020(options);
  }
}
