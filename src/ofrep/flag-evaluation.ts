import type { Json } from "../domain/json/json.js";
import type { Layer, LayerKind } from "../domain/merge/layer.js";
import type { SchemaSide } from "../schema/config-schema.js";
import { declaredSettings } from "../schema/declared-settings.js";
import { mayAccessLayer } from "../service/authorize.js";
import type { ConfigSnapshot } from "../service/read/config-snapshot.js";
import { flagKey } from "./flag-key.js";

/** What a setting comes to, as the protocol spells it. */
export interface FlagEvaluation {
  readonly key: string;
  /** Absent: no layer has any. The caller's own default counts. */
  readonly value?: Json;
  readonly reason: "TARGETING_MATCH" | "STATIC" | "DEFAULT";
  /** Absent: there is no layer that it comes from. */
  readonly variant?: string;
  readonly metadata: Readonly<Record<string, string | number | boolean>>;
}

const REASON: Readonly<Record<LayerKind, FlagEvaluation["reason"]>> = {
  ACCOUNT: "TARGETING_MATCH",
  RESELLER: "TARGETING_MATCH",
  SYSTEM: "STATIC",
  SCHEMA: "STATIC",
};

/**
 * A setting, an object of settings, or (pointer `""`) the whole config. An object comes from the highest layer that has a part in it.
 * @param key what the caller calls it
 * @returns undefined where there is nothing, and nothing is declared
 */
export function evaluateFlag(
  snapshot: ConfigSnapshot,
  pointer: string,
  key: string,
): FlagEvaluation | undefined {
  const { config, perspective } = snapshot;
  const value = config.valueAt(pointer);
  if (value === undefined && perspective.field(pointer) === undefined) return undefined;
  const layers = config.fieldsUnder(pointer).map(({ contributions: [highest] }) => highest.layer);
  const layer = layers.length === 0 ? undefined : config.layerOf({ layer: layers.reduce(higher) });
  return evaluation(snapshot, { pointer, key, value, layer });
}

/** Every leaf of a config; then what its account schema declares besides: objects of any members, and settings without a value. */
export function evaluateAll(snapshot: ConfigSnapshot): FlagEvaluation[] {
  const { config, schema } = snapshot;
  const keyOf = (pointer: string) => flagKey({ configId: schema.id, pointer });
  const leaves = config.fields.map((field) => {
    const { pointer, value } = field;
    return evaluation(snapshot, { pointer, key: keyOf(pointer), value, layer: config.sourceOf(field) });
  });
  const told = new Set(config.fields.map(({ pointer }) => pointer));
  const others = declaredIn(schema.account).flatMap((pointer) =>
    told.has(pointer) ? [] : (evaluateFlag(snapshot, pointer, keyOf(pointer)) ?? []),
  );
  return [...leaves, ...others];
}

interface Evaluated {
  readonly pointer: string;
  readonly key: string;
  readonly value: Json | undefined;
  /** Where the value comes from. */
  readonly layer: Layer | undefined;
}

function evaluation(snapshot: ConfigSnapshot, { pointer, key, value, layer }: Evaluated): FlagEvaluation {
  const { config, etag } = snapshot;
  const account = layer && accountIn(snapshot, layer);
  return {
    key,
    ...(value !== undefined && { value }),
    reason: value === undefined ? "DEFAULT" : layer === undefined ? "STATIC" : REASON[layer.kind],
    ...(layer && { variant: layer.kind.toLowerCase() }),
    metadata: {
      etag,
      ...(layer?.revision !== undefined && { revision: layer.revision }),
      ...(config.constraintAt(pointer) && { constrained: true }),
      ...(config.isPinned(pointer) && { pinned: true }),
      ...(layer && { layer: layer.kind }),
      ...(account !== undefined && { account }),
    },
  };
}

/** The account of a layer, as far as the caller may know of it. */
function accountIn({ view }: ConfigSnapshot, { accountId }: Layer): string | undefined {
  return accountId !== undefined && mayAccessLayer(view, accountId) ? accountId : undefined;
}

function higher(one: number, other: number): number {
  return Math.max(one, other);
}

/** Of a schema that is in force for long, listed once. */
const declared = new WeakMap<SchemaSide, readonly string[]>();

function declaredIn(schema: SchemaSide | undefined): readonly string[] {
  if (schema === undefined) return [];
  const known = declared.get(schema) ?? declaredSettings(schema);
  declared.set(schema, known);
  return known;
}
