import { Field, ObjectType } from "type-graphql";
import type * as tree from "../../../domain/field-tree.js";
import type { Json, JsonObject } from "../../../domain/json.js";
import type { Perspective } from "../../../schema/config-schema.js";
import type { FieldSchema } from "../../../schema/field-schema.js";
import { JsonObjectScalar, JsonPointerScalar, JsonScalar } from "../scalars.js";
import { ConfigLayerType } from "./config-layer.type.js";

@ObjectType("ConfigField", {
  simpleResolvers: true,
  description:
    "One leaf of the effective config. Arrays and empty objects are leaves: seen and replaced whole.",
})
export class ConfigFieldType {
  private described: FieldSchema | undefined;

  constructor(
    private readonly leaf: tree.Field,
    private readonly layers: readonly ConfigLayerType[],
    private readonly perspective: Perspective,
  ) {}

  @Field(() => JsonPointerScalar, { description: "Where in the values it is." })
  get pointer(): string {
    return this.leaf.pointer;
  }

  @Field(() => JsonScalar, { nullable: true, description: "The value in force." })
  get value(): Json {
    return this.leaf.value;
  }

  @Field(() => ConfigLayerType, {
    description: "The layer that the value comes from: the highest whose document has this pointer.",
  })
  get source(): ConfigLayerType {
    return this.layers.at(-1 - this.leaf.contributions[0].layer) as ConfigLayerType;
  }

  @Field(() => [ContributionType], {
    complexity: ({ childComplexity }) => 3 * (1 + childComplexity),
    description:
      "Every layer that has something here, highest first: the first is the source, the rest are shadowed and would come into force with it taken away.",
  })
  get contributions(): ContributionType[] {
    return this.leaf.contributions.map((contribution) => new ContributionType(contribution, this.layers));
  }

  @Field(() => String, { nullable: true, description: "Its name for a person, from the schema." })
  get title(): string | null {
    return this.#described?.title ?? null;
  }

  @Field(() => String, { nullable: true, description: "What it does, from the schema." })
  get description(): string | null {
    return this.#described?.description ?? null;
  }

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description:
      "This field's own account schema (at the system level: system schema), references followed: enough to draw one input. Null below a setting that takes any object.",
  })
  get schema(): JsonObject | null {
    return this.#described?.schema ?? null;
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
  get layer(): ConfigLayerType {
    return this.layers.at(-1 - this.contribution.layer) as ConfigLayerType;
  }

  @Field(() => JsonPointerScalar, {
    description: "The field's own pointer, or its ancestor's where the layer holds another type there.",
  })
  get pointer(): string {
    return this.contribution.pointer;
  }

  @Field(() => JsonScalar, { nullable: true, description: "The layer's value at that pointer." })
  get value(): Json {
    return this.contribution.value;
  }
}
