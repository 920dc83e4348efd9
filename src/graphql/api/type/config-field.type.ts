import { Ctx, Extensions, Field, Int, ObjectType } from "type-graphql";
import type { BlamedCommit } from "../../../domain/change/blame.js";
import type { Json, JsonObject } from "../../../domain/json/json.js";
import type { EffectiveConfig } from "../../../domain/merge/effective-config.js";
import type * as tree from "../../../domain/merge/field-tree.js";
import type { Perspective } from "../../../schema/config-schema.js";
import type { FieldSchema } from "../../../schema/field-schema.js";
import type { FieldBlames } from "../../../service/read/field-blames.js";
import type { RequestReader } from "../../../service/read/request-reader.js";
import type { Later } from "../../../service/yield-to-event-loop.js";
import type { RequestContext } from "../context.js";
import { type Inheriting, SHARED } from "../inheritable-text.js";
import { DateTimeScalar, JsonObjectScalar, JsonPointerScalar, JsonScalar } from "../scalars.js";
import { ConfigConstraintType, ConfigLayerType } from "./config-layer.type.js";

/** Who put what into the layers of a config: read on the first call, and at hand once that is done. */
export type BlamesOf = (reader: RequestReader) => Later<FieldBlames>;

@ObjectType("FieldBlame", {
  simpleResolvers: true,
  description: "The write that last put or changed one value of a document.",
})
export class FieldBlameType {
  constructor(private readonly change: BlamedCommit) {}

  @Field(() => String, { description: "Who wrote it." })
  get actor(): string {
    return this.change.by;
  }

  @Field(() => DateTimeScalar, { description: "When it was written." })
  get at(): string {
    return this.change.at;
  }

  @Field(() => Int, { description: "Which revision of its layer's document that made." })
  get revision(): number {
    return this.change.revision;
  }

  @Field(() => String, { nullable: true, description: "Why, in the words of whoever wrote it." })
  get note(): string | null {
    return this.change.note ?? null;
  }
}

@Extensions({ inheriting: true })
@ObjectType("ConfigField", {
  simpleResolvers: true,
  description:
    "One leaf of the effective config. Arrays and empty objects are leaves: seen and replaced whole.",
})
export class ConfigFieldType implements Inheriting {
  private described: FieldSchema | undefined;

  constructor(
    private readonly leaf: tree.Field,
    private readonly layers: readonly ConfigLayerType[],
    private readonly perspective: Perspective,
    private readonly blamesOf: BlamesOf,
    private readonly config: EffectiveConfig,
  ) {}

  /** A layer below the account's own one has the same place, and so the same kind, in the configs of all who inherit it. */
  get inherited(): tree.Field | undefined {
    return this.leaf.contributions[0].layer < this.layers.length - 1 ? this.leaf : undefined;
  }

  @Field(() => JsonPointerScalar, { description: "Where in the values it is." })
  @Extensions(SHARED)
  get pointer(): string {
    return this.leaf.pointer;
  }

  @Field(() => JsonScalar, { nullable: true, description: "The value in force." })
  @Extensions(SHARED)
  get value(): Json {
    return this.leaf.value;
  }

  @Field(() => ConfigLayerType, {
    description: "The layer that the value comes from: the highest whose document has this pointer.",
  })
  @Extensions(SHARED)
  get source(): ConfigLayerType {
    return this.layers.at(-1 - this.leaf.contributions[0].layer) as ConfigLayerType;
  }

  @Field(() => [ContributionType], {
    complexity: ({ childComplexity }) => 2 * (1 + childComplexity),
    description:
      "Every layer that has something here, highest first: the first is the source, the rest are shadowed and would come into force with it taken away.",
  })
  @Extensions(SHARED)
  get contributions(): ContributionType[] {
    return this.leaf.contributions.map((contribution) => new ContributionType(contribution, this.layers));
  }

  @Field(() => String, { nullable: true, description: "Its name for a person, from the schema." })
  @Extensions(SHARED)
  get title(): string | null {
    return this.#described?.title ?? null;
  }

  @Field(() => String, { nullable: true, description: "What it does, from the schema." })
  @Extensions(SHARED)
  get description(): string | null {
    return this.#described?.description ?? null;
  }

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description:
      "This field's own account schema (at the system level: system schema), references followed: enough to draw one input. Null below a setting that takes any object.",
  })
  @Extensions(SHARED)
  get schema(): JsonObject | null {
    return this.#described?.schema ?? null;
  }

  @Field(() => FieldBlameType, {
    nullable: true,
    complexity: ({ childComplexity }) => 4 + childComplexity,
    description:
      "Who put this very value into its source layer last, when and why. Null for SCHEMA, above your reach, and for what a dry run would change.",
  })
  lastChange(@Ctx() { reader }: RequestContext): Later<FieldBlameType | null> {
    const blameIn = (blames: FieldBlames) => {
      const change = blames.at(this.leaf);
      return change === undefined ? null : new FieldBlameType(change);
    };
    const blames = this.blamesOf(reader);
    return blames instanceof Promise ? blames.then(blameIn) : blameIn(blames);
  }

  @Field(() => Boolean, {
    description:
      "Whether the config's own document keeps this value whatever is inherited. False also where the document has another value pinned that a constraint keeps out of force: see `dormant`.",
  })
  get pinned(): boolean {
    return this.config.isPinned(this.leaf.pointer);
  }

  @Field(() => ConfigConstraintType, {
    nullable: true,
    complexity: 2,
    description:
      "What binds the config's own layer here, at the pointer, above or below it: of several a LOCK before BOUNDS, then that of the nearest layer. Null: its document may say what the schema accepts.",
  })
  get constraint(): ConfigConstraintType | null {
    const binding = this.config.constraintAt(this.leaf.pointer);
    if (binding === undefined) return null;
    return new ConfigConstraintType(
      binding.constraint,
      this.layers.at(-1 - binding.layer) as ConfigLayerType,
    );
  }

  get #described(): FieldSchema | undefined {
    this.described ??= this.perspective.field(this.leaf.pointer);
    return this.described;
  }
}

@ObjectType("Contribution", {
  simpleResolvers: true,
  description: "What one layer has at a field.",
})
export class ContributionType {
  constructor(
    private readonly contribution: tree.Contribution,
    private readonly layers: readonly ConfigLayerType[],
  ) {}

  @Field(() => ConfigLayerType, { description: "The layer that has it." })
  @Extensions(SHARED)
  get layer(): ConfigLayerType {
    return this.layers.at(-1 - this.contribution.layer) as ConfigLayerType;
  }

  @Field(() => JsonPointerScalar, {
    description: "The field's own pointer, or its ancestor's where the layer holds another type there.",
  })
  @Extensions(SHARED)
  get pointer(): string {
    return this.contribution.pointer;
  }

  @Field(() => JsonScalar, { nullable: true, description: "The layer's value at that pointer." })
  @Extensions(SHARED)
  get value(): Json {
    return this.contribution.value;
  }
}
