import { hash } from "node:crypto";
import { canonical, isEmpty, type JsonObject } from "../../domain/json/json.js";
import type { ConstraintTree } from "../../domain/merge/constraint-tree.js";
import type { EffectiveConfig } from "../../domain/merge/effective-config.js";
import type { Layer } from "../../domain/merge/layer.js";
import type { Merged } from "../../domain/merge/merged.js";

/**
 * A hash of everything that the values and the provenance of a config depend on (ADR 5), of what binds it, is dormant in it
 * or pinned, and of nothing else.
 */
export function configEtag(config: EffectiveConfig): string {
  const { merged, layers } = config;
  const identity = `${merged.fingerprint(contributionDigest)} ${config.identity()}`;
  const rules = rulesText({ merged, pins: layers[0]?.pins });
  return digest(rules === "" ? identity : `${identity} ${digest(rules)}`).slice(0, 27);
}

/** All that two states of one config can differ in, while its layers are those of the same accounts. */
interface ConfigContent {
  readonly merged: Merged;
  /** Of its own document. */
  readonly pins: Layer["pins"];
}

/** Whether the etags would be equal. */
export function isSameContent(a: ConfigContent, b: ConfigContent): boolean {
  return (
    a.merged.fingerprint(contributionDigest) === b.merged.fingerprint(contributionDigest) &&
    rulesText(a) === rulesText(b)
  );
}

/** Its constraints, its own document's included, its dormant overrides and its pins; empty: there are none. */
function rulesText({ merged, pins = [] }: ConfigContent): string {
  const { constraints } = merged;
  const parts: string[] = [];
  if (constraints !== undefined) {
    const dormant = merged.dormant.map(({ layer, pointer, value }) => [layer, pointer, value]);
    parts.push(constraintsDigest(constraints), dormant.length === 0 ? "-" : canonical(dormant));
  }
  if (pins.length > 0) parts.push(JSON.stringify(pins));
  return parts.join(" ");
}

/** Of constraints that many accounts share, worked out once. */
const constraintDigests = new WeakMap<ConstraintTree, string>();

function constraintsDigest(tree: ConstraintTree): string {
  const told = () =>
    tree.bindings.map(({ layer, constraint: { pointer, kind, schema = null, reason } }) => {
      return [layer, pointer, kind, schema, reason];
    });
  const known = constraintDigests.get(tree) ?? digest(canonical(told()));
  constraintDigests.set(tree, known);
  return known;
}

/** Of documents that many accounts share, worked out once. */
const documentDigests = new WeakMap<JsonObject, string>();

/** A text of fewer characters is shorter than the work of making a digest of it. */
const SHORT = 1_024;

/** Of what one layer contributes. An empty document counts as none. */
function contributionDigest(document: JsonObject | undefined, layer: number): string {
  if (document === undefined || isEmpty(document)) return "-";
  if (layer > 0) return sharedDigest(document);
  const text = canonical(document);
  return text.length < SHORT ? text : digest(text);
}

function sharedDigest(document: JsonObject): string {
  const known = documentDigests.get(document) ?? digest(canonical(document));
  documentDigests.set(document, known);
  return known;
}

function digest(text: string): string {
  return hash("sha256", text, "base64url");
}
