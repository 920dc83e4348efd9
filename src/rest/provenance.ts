import type { EffectiveConfig } from "../domain/effective-config.js";
import type { Json } from "../domain/json.js";
import type { LayerKind } from "../domain/layer.js";
import type { Contribution } from "../domain/merge.js";

interface Source {
  readonly source: LayerKind;
  /** Of ACCOUNT and RESELLER. */
  readonly account?: string;
}

interface Shadowed extends Source {
  /** Of an ancestor of the field, where the layer holds another type there; absent: the field's own. */
  readonly pointer?: string;
  readonly value: Json;
}

export interface FieldProvenance extends Source {
  /** What lies below, highest precedence first. */
  readonly shadowed: readonly Shadowed[];
}

/** Where each field comes from, by pointer, in the order of the values. */
export function provenanceOf(config: EffectiveConfig): Record<string, FieldProvenance> {
  const entries = [...config.fields.values()].map(({ pointer, contributions: [highest, ...rest] }) => {
    const shadowed = rest.map((contribution) => ({
      ...sourceOf(config, contribution),
      ...(contribution.pointer !== pointer && { pointer: contribution.pointer }),
      value: contribution.value,
    }));
    return [pointer, { ...sourceOf(config, highest), shadowed }] as const;
  });
  return Object.fromEntries(entries);
}

function sourceOf({ layers }: EffectiveConfig, { layer }: Contribution): Source {
  const found = layers[layer];
  if (found === undefined) throw new Error("a contribution comes from a layer of its config");
  return { source: found.kind, ...(found.accountId !== undefined && { account: found.accountId }) };
}
