import { Ajv, type Options, type Plugin } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020 } from "ajv/dist/2020.js";
import draft04Module from "ajv-draft-04";
import formatsModule, { type FormatsPluginOptions } from "ajv-formats";
import { canonical, type Json, type JsonObject } from "../domain/json.js";
import type { Draft } from "./draft.js";
import { compilePattern, isRegularExpression } from "./pattern.js";
import { KEYWORDS_WITH_NAMES, mapSchemas } from "./subschema.js";

// CommonJS packages: the class is the namespace's `default`.
const Ajv04 = draft04Module.default;
const addFormats = formatsModule.default as Plugin<FormatsPluginOptions>;

/** Validators by draft, each made when it is first needed; they keep what they compile. */
export function createValidators(): (draft: Draft) => Ajv {
  const made = new Map<Draft, Ajv>();
  return (draft) => {
    const ajv = made.get(draft) ?? createValidator(draft);
    made.set(draft, ajv);
    return ajv;
  };
}

function createValidator(draft: Draft): Ajv {
  const ajv = instance(draft);
  addFormats(ajv);
  ajv.addFormat("regex", { type: "string", validate: isRegularExpression });
  // The pattern of ajv-formats takes a time that grows with the square of the text.
  ajv.addFormat("url", {
    type: "string",
    validate: (text: string) => /^(?:https?|ftp):\/\/\S+$/i.test(text) && URL.canParse(text),
  });
  // ajv compares objects pairwise, which takes seconds for a few thousand; one text per item is linear.
  ajv.removeKeyword("uniqueItems");
  ajv.addKeyword({
    keyword: "uniqueItems",
    type: "array",
    schemaType: "boolean",
    validate: (unique: boolean, items: Json[]) =>
      !unique || new Set(items.map(canonical)).size === items.length,
    error: { message: "must NOT have duplicate items" },
  });
  return ajv;
}

function instance(draft: Draft): Ajv {
  const options: Options = {
    strict: false,
    allErrors: true,
    ownProperties: true,
    multipleOfPrecision: 9,
    logger: false,
    // Errors bring the schema and the value that they are about.
    verbose: true,
    // Each file has been checked by itself, with its own draft.
    validateSchema: false,
    code: { regExp: Object.assign((pattern: string) => compilePattern(pattern), { code: "compilePattern" }) },
  };
  // Up to draft 07, what stands beside a $ref does not count.
  const old = { ...options, ignoreKeywordsWithRef: true } as Options;
  switch (draft) {
    case "04":
      return new Ajv04(old) as unknown as Ajv;
    case "07":
      return new Ajv(old);
    case "2019-09":
      return new Ajv2019(options);
    case "2020-12":
      return new Ajv2020(options);
  }
}

/** Only what JSON Schema knows: ajv has keywords of its own, and looks for names in data too. */
export function onlyKnownKeywords(schema: JsonObject, ajv: Ajv): JsonObject {
  const isKnown = (keyword: string) =>
    KEYWORDS_WITH_NAMES.has(keyword) ||
    (Object.hasOwn(ajv.RULES.keywords, keyword) && keyword !== "nullable" && keyword !== "$async");
  return mapSchemas(schema, (copy) =>
    Object.fromEntries(Object.entries(copy).filter(([keyword]) => isKnown(keyword))),
  );
}
