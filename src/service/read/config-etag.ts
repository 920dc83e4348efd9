import { hash } from "node:crypto";
import type { EffectiveConfig } from "../../domain/effective-config.js";
import { canonical, isEmpty, type JsonObject } from "../../domain/json.js";

/** A hash of everything that the values and the provenance of a config depend on, and of nothing else (ADR 5). */
export function configEtag(config: EffectiveConfig): string {
  return digest(`${config.merged.fingerprint(contributionDigest)} ${config.identity()}`).slice(0, 27);
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
