import type { LayerKind } from "../api/operations.generated.js";
import { LAYER_NAMES } from "./layer-name.js";

interface SourceChipProps {
  readonly kind: LayerKind;
  readonly title?: string | undefined;
  /** Marks the chip as the one that tells a row's source. */
  readonly isSource?: boolean;
}

export function SourceChip({ kind, title, isSource = false }: SourceChipProps) {
  return (
    <span className="chip" data-layer={kind} data-source={isSource ? kind : undefined} title={title}>
      {LAYER_NAMES[kind]}
    </span>
  );
}
