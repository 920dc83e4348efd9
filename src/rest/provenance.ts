import type { Json } from "../domain/json/json.js";
import type { Constraint } from "../domain/merge/constraint.js";
import type { Binding } from "../domain/merge/constraint-tree.js";
import type { Contribution } from "../domain/merge/field-tree.js";
import type { LayerKind } from "../domain/merge/layer.js";
import { mayAccessLayer } from "../service/authorize.js";
import type { ConfigSnapshot } from "../service/read/config-snapshot.js";

interface Source {
  readonly source: LayerKind;
  /** Of ACCOUNT and RESELLER, as far as the caller knows of it. */
  readonly account?: string | undefined;
}

interface Shadowed extends Source {
  /** Of an ancestor of the field, where the layer holds another type there; absent: the field's own. */
  readonly pointer?: string | undefined;
  readonly value: Json;
}

export interface FieldProvenance extends Source {
  /** Shadowed contributions, highest precedence first. */
  readonly shadowed: readonly Shadowed[];
}

/** Where each field comes from, by pointer, in the order of the values. */
export function provenanceOf(snapshot: ConfigSnapshot): Record<string, FieldProvenance> {
  const entries = snapshot.config.fields.map(({ pointer, contributions: [highest, ...rest] }) => {
    const shadowed = rest.map((contribution) => {
      const { source, account } = sourceOf(snapshot, contribution);
      const elsewhere = contribution.pointer === pointer ? undefined : contribution.pointer;
      return { source, account, pointer: elsewhere, value: contribution.value };
    });
    const { source, account } = sourceOf(snapshot, highest);
    return [pointer, { source, account, shadowed }] as const;
  });
  return Object.fromEntries(entries);
}

/** What binds the account's own document, and what layers say and a constraint keeps out of force. */
export interface Restrictions {
  /** Absent: there are none. */
  readonly constraints?: readonly (Source & Constraint)[];
  readonly dormant?: readonly (Source & {
    readonly pointer: string;
    readonly value: Json;
    /** What decides so. */
    readonly constraint: Source & Constraint;
  })[];
}

export function restrictionsOf(snapshot: ConfigSnapshot): Restrictions {
  const { constraints, dormant } = snapshot.config;
  const told = ({ layer, constraint: { pointer, kind, schema, reason } }: Binding) => ({
    ...sourceOf(snapshot, { layer }),
    pointer,
    kind,
    ...(schema !== undefined && { schema }),
    reason,
  });
  const kept = dormant.map(({ layer, pointer, value, binding }) => {
    return { ...sourceOf(snapshot, { layer }), pointer, value, constraint: told(binding) };
  });
  return {
    ...(constraints.length > 0 && { constraints: constraints.map(told) }),
    ...(kept.length > 0 && { dormant: kept }),
  };
}

function sourceOf({ config, view }: ConfigSnapshot, contribution: Pick<Contribution, "layer">): Source {
  const { kind, accountId } = config.layerOf(contribution);
  const isKnown = accountId !== undefined && mayAccessLayer(view, accountId);
  return { source: kind, account: isKnown ? accountId : undefined };
}
