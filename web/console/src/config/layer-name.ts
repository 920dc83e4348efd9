import type { LayerKind } from "../api/operations.generated.js";
import type { ConfigLayer } from "./config-source.js";

export const LAYER_NAMES: Readonly<Record<LayerKind, string>> = {
  ACCOUNT: "Account",
  RESELLER: "Reseller",
  SYSTEM: "System",
  SCHEMA: "Default",
};

/** What a layer is called, with whose it is where one may know. */
export function layerTitle(layer: Pick<ConfigLayer, "kind" | "account">): string {
  const name = LAYER_NAMES[layer.kind];
  return layer.account === null ? name : `${name}: ${layer.account.name}`;
}
