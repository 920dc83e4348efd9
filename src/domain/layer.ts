import type { JsonObject } from "./json.js";

/** Where values come from, highest precedence first. */
export const LAYER_KINDS = ["ACCOUNT", "RESELLER", "SYSTEM", "SCHEMA"] as const;
export type LayerKind = (typeof LAYER_KINDS)[number];

/** One source of values for one config, as far as it is visible to the account. */
export interface Layer {
  readonly kind: LayerKind;
  /** Of ACCOUNT and RESELLER. */
  readonly accountId?: string | undefined;
  /** The overrides (SCHEMA: the defaults); undefined when nothing is stored. */
  readonly document: JsonObject | undefined;
  /** Undefined when nothing is stored, and for SCHEMA. */
  readonly revision?: number | undefined;
  /** RFC 3339, UTC. */
  readonly updatedAt?: string | undefined;
  readonly updatedBy?: string | undefined;
}
