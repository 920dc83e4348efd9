import fc from "fast-check";
import { expect } from "vitest";
import {
  canonical,
  equals,
  isEmpty,
  isObject,
  type Json,
  type JsonObject,
} from "../../../src/domain/json/json.js";
import { tokensOf } from "../../../src/domain/json/pointer.js";
import { EffectiveConfig } from "../../../src/domain/merge/effective-config.js";
import { resellerLineage } from "../../../src/domain/reseller.js";
import { loadSchemaRegistry } from "../../../src/schema/schema-registry.js";
import type { Rejection } from "../../../src/schema/validation.js";
import {
  decideWrite,
  type WriteDecision,
  type WriteIntent,
} from "../../../src/service/write/write-decision.js";

import { documents, documentsAndInput, paths } from "../../domain/json-arbitrary.js";
import { law } from "../../domain/law.js";
import { schemaFolder } from "../../temporary-folder.js";

/** Picky about some of what the generator makes, open to the rest. */
const PICKY = {
  type: "object",
  additionalProperties: true,
  properties: {
    a: { type: "integer" },
    b: { type: ["object", "string"], additionalProperties: { type: ["integer", "object", "array"] } },
    c: { type: "object", required: ["a"], properties: { a: { minimum: 1 } }, additionalProperties: true },
  },
  required: ["10"],
};

let schema: ReturnType<typeof load> | undefined;
function load() {
  const config = loadSchemaRegistry(schemaFolder({ "account_config.x": PICKY })).configs.get("x");
  if (config?.forAccount === undefined) throw new Error("the schema of the test is not sound");
  return { config, perspective: config.forAccount };
}

function loaded(): ReturnType<typeof load> {
  schema ??= load();
  return schema;
}

function textOf({ pointer, keyword, message, finding = null }: Rejection): string {
  return canonical([pointer, keyword, message, finding]);
}

function decide(intent: WriteIntent, own: JsonObject, parent: JsonObject): WriteDecision {
  const { config, perspective } = loaded();
  const before = new EffectiveConfig("acme", "x", [
    { kind: "ACCOUNT", accountId: "acme", document: isEmpty(own) ? undefined : own },
    { kind: "SYSTEM", document: parent },
  ]);
  return decideWrite(intent, { override: own }, before, config, perspective);
}

/** Whether the override says something at the pointer, or has a leaf above it. */
function speaks(override: JsonObject, pointer: string): boolean {
  let value: Json | undefined = override;
  for (const [index, token] of tokensOf(pointer).entries()) {
    if (!isObject(value) || (isEmpty(value) && index > 0)) return value !== undefined;
    value = Object.hasOwn(value, token) ? value[token] : undefined;
  }
  return value !== undefined && (!isObject(value) || (isEmpty(value) && pointer !== ""));
}

law(
  "R9, R12: a reset has no problems, whatever is wrong",
  documentsAndInput(2),
  ({ documents: [own, parent], input }) => {
    const pointers = paths(input).map(
      (path) => `/${path.map((t) => t.replaceAll("~", "~0").replaceAll("/", "~1")).join("/")}`,
    );
    const decision = decide({ kind: "RESET", pointers }, own as JsonObject, parent as JsonObject);
    return decision.problems.length === 0;
  },
);

law(
  "R10: a write that leaves nothing leaves no document; one that changes nothing is no write",
  documentsAndInput(2),
  (given) => {
    const [own, parent] = given.documents as [JsonObject, JsonObject];
    for (const intent of [
      { kind: "SET", values: given.input },
      { kind: "PATCH", patch: given.input },
    ] as const) {
      const decision = decide(intent, own, parent);
      const { override } = decision.content;
      expect(decision.changes).toBe(!equals(override ?? {}, own));
      expect(decision.visible === undefined).toBe(override === undefined);
      expect(override === undefined || !isEmpty(override)).toBe(true);
      expect(decision.after.layers[0]?.document).toEqual(decision.visible?.document);
    }
  },
);

law(
  "R12: a problem is inherited when the parent has it and the override does not speak there",
  documentsAndInput(2),
  (given) => {
    const [own, parent] = given.documents as [JsonObject, JsonObject];
    const decision = decide({ kind: "SET", values: given.input }, own, parent);
    const { validate } = loaded().perspective;
    const ofParent = new Set(validate(decision.after.parent().values).map(textOf));
    const unknown = decision.problems.filter(({ keyword }) => keyword === "unknown");
    return validate(decision.after.values)
      .filter(({ pointer }) => !unknown.some((one) => one.pointer === pointer))
      .every((rejection) => {
        const { pointer, keyword, message } = rejection;
        const inherited =
          ofParent.has(textOf(rejection)) && !speaks(decision.content.override ?? {}, pointer);
        return decision.problems.some(
          (one) =>
            one.pointer === pointer &&
            one.keyword === keyword &&
            one.message === message &&
            one.inherited === inherited,
        );
      });
  },
);

law(
  "R7, R12: setting what is in force anyway stores nothing, and nothing stands in its way",
  documents(1),
  ([parent]) => {
    const { id: _ignored, ...values } = parent as JsonObject;
    const decision = decide({ kind: "SET", values }, {}, parent as JsonObject);
    return !decision.changes && decision.problems.every(({ inherited }) => inherited);
  },
);

law(
  "R1: the reseller is the nearest proper ancestor that is one, else the root; the root has none",
  fc.array(fc.boolean(), { minLength: 1, maxLength: 32 }),
  (flags) => {
    const lineage = flags.map((isReseller, depth) => ({ depth, isReseller }));
    const above = lineage.slice(1);
    const expected = above.find(({ isReseller }) => isReseller) ?? above.at(-1);
    return resellerLineage(lineage)?.[0] === expected;
  },
);
