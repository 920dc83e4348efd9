import { expect } from "vitest";
import { type FieldChange, fieldChanges } from "../../src/domain/change/field-change.js";
import { equals } from "../../src/domain/json/json.js";
import { EffectiveConfig } from "../../src/domain/merge/effective-config.js";
import type { Field } from "../../src/domain/merge/field-tree.js";
import type { LayerKind } from "../../src/domain/merge/layer.js";
import { Merged } from "../../src/domain/merge/merged.js";
import { documents } from "./json-arbitrary.js";
import { law } from "./law.js";

/** The changes as their definition says: pointer by pointer, of whatever is listed. */
function byPointer(before: EffectiveConfig, after: EffectiveConfig): FieldChange[] {
  const listed = ({ fields }: EffectiveConfig) => new Map(fields.map((field) => [field.pointer, field]));
  const [olds, nows] = [listed(before), listed(after)];
  const kind = (config: EffectiveConfig, field: Field | undefined) => field && config.sourceOf(field).kind;
  const pointers = [...nows.keys(), ...[...olds.keys()].filter((pointer) => !nows.has(pointer))];
  return pointers.flatMap((pointer) => {
    const [old, now] = [olds.get(pointer), nows.get(pointer)];
    const [sourceBefore, sourceAfter] = [kind(before, old), kind(after, now)];
    if (sourceBefore === sourceAfter && equals(old?.value, now?.value)) return [];
    return [{ pointer, before: old?.value, after: now?.value, sourceBefore, sourceAfter }];
  });
}

function config(merged: Merged, kinds: readonly LayerKind[]): EffectiveConfig {
  return new EffectiveConfig(
    "a",
    "c",
    kinds.map((kind) => ({ kind, document: {} })),
    merged,
  );
}

law(
  "what differs between two configs is found field by field, whatever merges they share, and whichever layers those are of",
  documents(6),
  ([schema, system, another, reseller, moved, own]) => {
    const defaults = Merged.of([schema]);
    const [below, otherBelow] = [defaults.under(system), defaults.under(another)];
    const shared = below.under(reseller);
    const before = config(shared.under(own), ["ACCOUNT", "RESELLER", "SYSTEM", "SCHEMA"]);
    const afters = [
      config(otherBelow.under(reseller).under(own), ["ACCOUNT", "RESELLER", "SYSTEM", "SCHEMA"]),
      config(below.under(moved).under(own), ["ACCOUNT", "RESELLER", "SYSTEM", "SCHEMA"]),
      config(below.under(own), ["ACCOUNT", "SYSTEM", "SCHEMA"]),
      config(shared, ["ACCOUNT", "SYSTEM", "SCHEMA"]),
      config(before.merged, ["ACCOUNT", "RESELLER", "SYSTEM", "SCHEMA"]),
    ];
    for (const after of afters) {
      expect(fieldChanges(before, after)).toEqual(byPointer(before, after));
      expect(fieldChanges(after, before)).toEqual(byPointer(after, before));
    }
    return true;
  },
);
