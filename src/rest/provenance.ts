import type { Contribution } from "../domain/field-tree.js";
import type { Json } from "../domain/json.js";
import type { LayerKind } from "../domain/layer.js";
import { mayAccessLayer } from "../service/authorize.js";
import type { ConfigSnapshot } from "../service/read/config-snapshot.js";

interface Source {
  readonly source: LayerKind;
  /** Of ACCOUNT and RESELLER, as far as the caller knows of it. */
  readonly account?: string;
}

interface Shadowed extends Source {
  /** Of an ancestor of the field, where the layer holds another type there; absent: the field's own. */
  readonly pointer?: string;
  readonly value: Json;
}

export interface FieldProvenance extends Source {
  /** Shadowed contributions, highest precedence first. */
  readonly shadowed: readonly Shadowed[];
}

/** Where each field comes from, by pointer, in the order of the values. */
export function provenanceOf(snapshot: ConfigSnapshot): Record<string, FieldProvenance> {
  const entries = snapshot.config.fields.map(({ pointer, contributions: [highest, ...rest] }) => {
    const shadowed = rest.map((contribution) => ({
      ...sourceOf(snapshot, contribution),
      ...(contribution.pointer !== pointer && { pointer: contribution.pointer }),
      value: contribution.value,
    }));
    return [pointer, { ...sourceOf(snapshot, highest), shadowed }] as const;
  });
  return Object.fromEntries(entries);
}

function sourceOf({ config, view }: ConfigSnapshot, contribution: Contribution): Source {
  const { kind, accountId } = config.layerOf(contribution);
  const isKnown = accountId !== undefined && mayAccessLayer(view, accountId);
  return { source: kind, ...(isKnown && { account: accountId }) };
}
