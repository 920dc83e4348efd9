import { EffectiveConfig } from "../../domain/merge/effective-config.js";
import type { Layer } from "../../domain/merge/layer.js";
import type { Merged } from "../../domain/merge/merged.js";
import type { ConfigSchema, Perspective } from "../../schema/config-schema.js";
import type { DocumentKey, Lineage, Position, Version } from "../../store/store.js";
import { type ConfigView, mayAccessLayer } from "../authorize.js";
import type { ConfigPerspective } from "../config-catalog.js";
import { type ConfigProblem, listed, problemsOf } from "../problems.js";
import { configEtag } from "./config-etag.js";
import type { VisibleConfig } from "./merged-configs.js";
import type { LayerVersions } from "./stored-layers.js";

/** Of merges that many accounts share, worked out once. */
const problems = new WeakMap<Merged, readonly ConfigProblem[]>();

/** The stored layers of a config: where they are, and at which of the store's positions they had these versions. */
type SnapshotLayers = Pick<LayerVersions, "keys" | "versions" | "position">;

/** The write that a snapshot shows the result of. */
interface WriteOrigin {
  readonly dryRun: boolean;
  readonly before: EffectiveConfig;
}

/** What a state is of that was read as of a past moment. */
export interface PastMoment {
  /** RFC 3339, UTC. */
  readonly asOf: string;
  /** Whether it was another schema folder then; also where nobody knows. */
  readonly schemaChanged: boolean;
}

/** An effective config with all that can be said about it: what the faces answer with. */
export class ConfigSnapshot {
  #etag: string | undefined;
  /** Of what a write left; those of what is read do not depend on anything else, and are shared. */
  #problems: readonly ConfigProblem[] | undefined;

  /**
   * @param view whose config it is, and what of it the caller sees
   * @param stored what is stored of it, and where the store was then
   * @param origin the write that led to it, or the past moment that it is of; absent: it was read as it is now
   */
  constructor(
    readonly config: EffectiveConfig,
    readonly schema: ConfigSchema,
    readonly view: ConfigView,
    private readonly stored: SnapshotLayers,
    private readonly origin: { readonly write?: WriteOrigin; readonly past?: PastMoment } = {},
  ) {}

  /** Where its layers are stored, highest precedence first, without SCHEMA. */
  get keys(): readonly DocumentKey[] {
    return this.stored.keys;
  }

  /** What is stored there, in the same order. Of a dry run: what was there before it. */
  get versions(): readonly (Version | undefined)[] {
    return this.stored.versions;
  }

  /** A position of the store at which it was so. Of a dry run: at which it was decided. */
  get position(): Position {
    return this.stored.position;
  }

  /** Undefined: it is as of now. */
  get past(): PastMoment | undefined {
    return this.origin.past;
  }

  /** Whether this state was only thought of, never stored. */
  get dryRun(): boolean {
    return this.origin.write?.dryRun === true;
  }

  /** The schema as this viewer sees it. */
  get perspective(): Perspective {
    return (this.view.account && this.schema.forAccount) ?? this.schema.forSystem;
  }

  /** Changes exactly when values or provenance do; opaque. */
  get etag(): string {
    this.#etag ??= configEtag(this.config);
    return this.#etag;
  }

  /** The problems of the values as they are now. */
  get problems(): readonly ConfigProblem[] {
    const { write } = this.origin;
    if (write !== undefined) {
      this.#problems ??= listed(problemsOf(this.config, this.perspective, write.before));
      return this.#problems;
    }
    const { merged } = this.config;
    const known = problems.get(merged) ?? listed(problemsOf(this.config, this.perspective));
    problems.set(merged, known);
    return known;
  }
}

/** @param view what the caller may access of it */
export function snapshotOf(
  { schema, perspective }: ConfigPerspective,
  {
    layers: read,
    config: { layers, merged },
  }: {
    readonly layers: SnapshotLayers & { readonly lineage: Lineage | undefined };
    readonly config: VisibleConfig;
  },
  view: ConfigView,
  past?: PastMoment,
): ConfigSnapshot {
  const { keys, lineage } = read;
  const stored = keys.map(({ accountId }, index): Layer => {
    const kind = accountId === undefined ? "SYSTEM" : index === 0 ? "ACCOUNT" : "RESELLER";
    const layer = layers[index];
    // Of a layer that the caller may not access it sees what is inherited, not who wrote it or when (R15).
    const written = mayAccessLayer(view, accountId) ? layer : undefined;
    return {
      kind,
      accountId,
      document: layer?.document,
      ...(layer?.constraints && { constraints: layer.constraints }),
      ...(layer?.pins && { pins: layer.pins }),
      revision: written?.revision,
      updatedAt: written?.updatedAt,
      updatedBy: written?.updatedBy,
    };
  });
  const all: Layer[] = [...stored, { kind: "SCHEMA", document: perspective.defaults }];
  const config = new EffectiveConfig(lineage?.[0].id, schema.id, all, merged);
  return new ConfigSnapshot(config, schema, view, read, past === undefined ? {} : { past });
}
