import type { FieldChange } from "../../domain/change/field-change.js";
import type { LayerKind } from "../../domain/merge/layer.js";
import type { ConfigSnapshot } from "../read/config-snapshot.js";
import type { ConfigChange } from "./config-change.js";
import type { LiveEvent } from "./live-event.js";
import { changesBetween, type LiveState } from "./live-state.js";

/** One config's change, as one subscriber is told of it. */
export class ToldChange implements ConfigChange {
  readonly bookmark = false;
  readonly snapshot: boolean;
  readonly reset: boolean;
  private readonly before: LiveState | undefined;
  private readonly after: LiveState;

  constructor(
    { before, after, isReset }: LiveEvent,
    readonly cursor: string,
    readonly config: ConfigSnapshot,
    readonly movedLayers: readonly LayerKind[],
  ) {
    this.snapshot = before === undefined;
    this.reset = isReset;
    this.before = before;
    this.after = after;
  }

  get changes(): readonly FieldChange[] {
    return this.before === undefined ? [] : changesBetween(this.before, this.after);
  }
}
