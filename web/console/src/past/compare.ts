import type { LayerKind } from "../api/operations.generated.js";
import type { ConfigField, ConfigView } from "../config/config-source.js";
import { equalJson } from "../json.js";

/** A field of two configs, side by side. */
export interface Compared {
  readonly pointer: string;
  readonly title: string | null;
  readonly left: Side | undefined;
  readonly right: Side | undefined;
  readonly isSame: boolean;
}

export interface Side {
  readonly value: unknown;
  readonly source: LayerKind;
  readonly lastChange: ConfigField["lastChange"];
}

/** The fields of both, in the order of the right one; those that only the left one has come last. */
export function compareConfigs(left: ConfigView, right: ConfigView): Compared[] {
  const lefts = new Map(left.fields.map((field) => [field.pointer, field]));
  const compared = right.fields.map((field) => {
    const other = lefts.get(field.pointer);
    lefts.delete(field.pointer);
    return pair(field.pointer, other, field);
  });
  return [...compared, ...[...lefts.values()].map((field) => pair(field.pointer, field, undefined))];
}

function pair(pointer: string, left: ConfigField | undefined, right: ConfigField | undefined): Compared {
  return {
    pointer,
    title: right?.title ?? left?.title ?? null,
    left: left && sideOf(left),
    right: right && sideOf(right),
    isSame: left !== undefined && right !== undefined && equalJson(left.value, right.value),
  };
}

function sideOf({ value, source, lastChange }: ConfigField): Side {
  return { value, source: source.kind, lastChange };
}
