import { boundsOf } from "../edit/input-kind.js";
import { jsonText } from "../json.js";
import { isUnder } from "../pointer.js";
import type { ConfigView } from "./config-source.js";
import { LAYER_NAMES } from "./layer-name.js";

export type Constraint = ConfigView["constraints"][number];

/** What binds a place where nothing is in force: at it or above it, a lock before bounds, then the nearest layer's. */
export function constraintAt(constraints: readonly Constraint[], pointer: string): Constraint | null {
  const binding = constraints.filter((constraint) => isUnder(pointer, constraint.pointer));
  return binding.find(({ kind }) => kind === "LOCK") ?? binding[0] ?? null;
}

/** What a constraint is, for a person: without its reason. */
export function constraintText({
  kind,
  schema,
  layer,
}: Pick<Constraint, "kind" | "schema" | "layer">): string {
  const by = LAYER_NAMES[layer.kind];
  return kind === "LOCK" ? `Locked by ${by}` : `Bounds of ${by}: ${boundsText(schema)}`;
}

/** The same for the layer that says it. */
export function insistsText({ kind, schema }: Pick<Constraint, "kind" | "schema">): string {
  return kind === "LOCK" ? "Locked for accounts below" : `Bounds for accounts below: ${boundsText(schema)}`;
}

function boundsText(schema: Constraint["schema"]): string {
  const { type: _type, ...rest } = schema ?? {};
  const said = boundsOf(schema);
  return said.length === Object.keys(rest).length && said.length > 0 ? said.join(", ") : jsonText(schema);
}
