import { createHash } from "node:crypto";
import type { EffectiveConfig } from "../domain/effective-config.js";
import type { Merged } from "../domain/merged.js";
import type { ConfigSchema, Perspective } from "../schema/config-schema.js";
import type { ConfigView } from "./authorize.js";
import { type ConfigProblem, problemsOf } from "./problems.js";

/** Of what many accounts share, worked out once. */
const digests = new WeakMap<Merged, string>();
const problems = new WeakMap<Merged, readonly ConfigProblem[]>();

function digestOf(merged: Merged): string {
  const digest = digests.get(merged) ?? hash(merged.contributions());
  digests.set(merged, digest);
  return digest;
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}

/** An effective config with all that can be said about it: what the faces answer with. */
export class ConfigSnapshot {
  #etag: string | undefined;

  /**
   * @param view whose config it is, and what of it the caller sees
   * @param dryRun whether this state was only thought of, never stored
   */
  constructor(
    readonly config: EffectiveConfig,
    readonly schema: ConfigSchema,
    readonly view: ConfigView,
    readonly dryRun = false,
  ) {}

  /** What the schema says from where this config is looked at. */
  get perspective(): Perspective {
    return (this.view.account && this.schema.forAccount) ?? this.schema.forSystem;
  }

  /** Changes exactly when values or provenance do; opaque. */
  get etag(): string {
    this.#etag ??= hash(`${digestOf(this.config.merged)} ${this.config.identity()}`).slice(0, 27);
    return this.#etag;
  }

  /** What the schema rejects in the values as they stand. */
  get problems(): readonly ConfigProblem[] {
    const { merged } = this.config;
    const known = problems.get(merged) ?? problemsOf(this.config, this.perspective);
    problems.set(merged, known);
    return known;
  }
}
