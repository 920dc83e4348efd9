import type { PricedField, PricedSelection } from "./selection-prices.js";

/** A field of an operation, and its part of the operation's cost. */
export interface DearestField {
  /** Response names from the root on, as in the `path` of an error; lists have no index. */
  readonly path: string;
  /** `Type.field`. */
  readonly coordinate: string;
  readonly cost: number;
}

/** Characters of a path that an error shows. Callers choose the names in it. */
const SHOWN = 256;

/**
 * The field to make cheaper first: from the root on the dearest field, then the dearest below it, as long as it makes more
 * than half of the one above.
 */
export function dearestField(selection: PricedSelection): DearestField | undefined {
  let found: DearestField | undefined;
  let times = 1;
  let least = 0;
  for (let fields = selection.fields; ; ) {
    const dearest = most(fields);
    if (dearest === undefined) return found;
    const cost = Math.round(dearest.cost * times);
    if (cost <= least) return found;
    const path = `${found === undefined ? "" : `${found.path}.`}${dearest.name}`.slice(0, SHOWN);
    found = { path, coordinate: dearest.coordinate, cost };
    least = cost / 2;
    fields = dearest.selection.fields;
    times *= dearest.times();
  }
}

function most(fields: readonly PricedField[]): PricedField | undefined {
  return fields.reduce<PricedField | undefined>(
    (dearest, field) => (dearest === undefined || field.cost > dearest.cost ? field : dearest),
    undefined,
  );
}
