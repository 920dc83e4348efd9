import type { JsonObject } from "../json/json.js";
import type { Constraint } from "./constraint.js";

/** Where values come from, highest precedence first. */
export const LAYER_KINDS = ["ACCOUNT", "RESELLER", "SYSTEM", "SCHEMA"] as const;
export type LayerKind = (typeof LAYER_KINDS)[number];

/** One source of values for one config, as far as it is visible to the account. */
export interface Layer {
  readonly kind: LayerKind;
  /** Of ACCOUNT and RESELLER. */
  readonly accountId?: string | undefined;
  /** The overrides (SCHEMA: the defaults), in force or dormant; undefined when nothing is stored. */
  readonly document: JsonObject | undefined;
  /** What the document says to the layers above it, by pointer. Absent: nothing. */
  readonly constraints?: readonly Constraint[] | undefined;
  /** The pointers of leaves that the document keeps although its parent has the same. Absent: none. */
  readonly pins?: readonly string[] | undefined;
  /** Undefined when nothing is stored, and for SCHEMA. */
  readonly revision?: number | undefined;
  /** RFC 3339, UTC. */
  readonly updatedAt?: string | undefined;
  readonly updatedBy?: string | undefined;
}
