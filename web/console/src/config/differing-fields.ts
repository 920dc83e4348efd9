import { equalJson } from "../json.js";
import type { ConfigField } from "./config-source.js";

interface Fields {
  readonly fields: readonly ConfigField[];
}

/** The pointers of the fields that have another value or another source; also of those that only one of the two has. */
export function differingFields(before: Fields, after: Fields): Set<string> {
  const old = new Map(before.fields.map((field) => [field.pointer, field]));
  const differing = new Set<string>();
  for (const field of after.fields) {
    const other = old.get(field.pointer);
    old.delete(field.pointer);
    if (
      other === undefined ||
      other.source.kind !== field.source.kind ||
      !equalJson(other.value, field.value)
    )
      differing.add(field.pointer);
  }
  for (const pointer of old.keys()) differing.add(pointer);
  return differing;
}
