import { isEmpty, type JsonObject, withoutNulls } from "../../domain/json/json.js";
import { appendToken } from "../../domain/json/pointer.js";
import { declaredPatch, equalPointers } from "../../domain/write/declared-patch.js";
import type { ConfigService } from "../config-service.js";
import type { ConfigSnapshot } from "../read/config-snapshot.js";
import type { WriteRequest, WriteResult } from "../write/config-write.js";
import { PLANNER } from "./plan-principal.js";

/** The writes that make a document hold what is declared: of values and of nothing else. */
export type WantedIntent =
  | { readonly kind: "SET"; readonly values: JsonObject; readonly pin?: readonly string[] }
  | { readonly kind: "PATCH"; readonly patch: JsonObject; readonly pin?: readonly string[] }
  | { readonly kind: "RESET"; readonly pointers: readonly string[] };

/**
 * What makes a document hold what is declared. A value that would be inherited anyway is pinned: it is declared, so it is to
 * stay whatever becomes of the layers below.
 * @param prune whether what is not declared goes
 * @returns undefined where nothing is to be done
 */
export function wantedIntent(
  declared: JsonObject,
  { config }: ConfigSnapshot,
  prune: boolean,
): WantedIntent | undefined {
  const own = config.layers[0]?.document ?? {};
  const inherited = config.parent().values;
  if (!prune) {
    const patch = declaredPatch(declared, own);
    if (isEmpty(patch)) return undefined;
    return withPin({ kind: "PATCH", patch }, equalPointers(patch, inherited));
  }
  const values = (withoutNulls(declared) ?? {}) as JsonObject;
  if (isEmpty(values)) {
    const pointers = Object.keys(own).map((key) => appendToken("", key));
    return pointers.length === 0 ? undefined : { kind: "RESET", pointers };
  }
  return withPin({ kind: "SET", values }, equalPointers(values, inherited));
}

/** A write that was tried, and the intent that it was tried with. */
export interface TriedWrite {
  readonly intent: WantedIntent;
  readonly result: WriteResult;
}

/**
 * Writes what is wanted. Where a constraint forbids to keep an inherited value, that one is not pinned: it is in force, and
 * the document cannot say otherwise.
 * @throws StrataError as `ConfigWriter.write`
 */
export async function tryWrite(
  configs: ConfigService,
  target: WriteRequest["target"],
  wanted: WantedIntent,
): Promise<TriedWrite> {
  const result = await configs.write(PLANNER, { target, intent: wanted });
  if (result.result !== "invalid" || wanted.kind === "RESET" || wanted.pin === undefined)
    return { intent: wanted, result };
  const forbidden = new Set(
    result.problems.flatMap(({ keyword, pointer }) =>
      keyword === "locked" || keyword === "bounds" ? pointer : [],
    ),
  );
  const left = wanted.pin.filter((pointer) => !forbidden.has(pointer));
  if (left.length === wanted.pin.length) return { intent: wanted, result };
  const { pin: _, ...rest } = wanted;
  const intent = withPin(rest, left);
  return { intent, result: await configs.write(PLANNER, { target, intent }) };
}

function withPin<T extends WantedIntent>(intent: T, pin: readonly string[]): T {
  return pin.length === 0 ? intent : { ...intent, pin };
}
