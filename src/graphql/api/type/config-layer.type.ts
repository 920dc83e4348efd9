import type { GraphQLResolveInfo } from "graphql";
import { Ctx, Extensions, Field, Info, Int, ObjectType, registerEnumType } from "type-graphql";
import type { JsonObject } from "../../../domain/json/json.js";
import { CONSTRAINT_KINDS, type Constraint, type ConstraintKind } from "../../../domain/merge/constraint.js";
import type { Layer, LayerKind } from "../../../domain/merge/layer.js";
import { accountOfLayer, type ConfigView } from "../../../service/authorize.js";
import { listComplexity } from "../complexity.js";
import type { ListOf, RequestContext } from "../context.js";
import { SHARED } from "../inheritable-text.js";
import { DateTimeScalar, JsonObjectScalar, JsonPointerScalar } from "../scalars.js";
import { AccountType } from "./account.type.js";
import { LayerKindEnum } from "./layer-kind.type.js";

@ObjectType("ConfigLayer", {
  simpleResolvers: true,
  description: "One source of values for one config.",
})
export class ConfigLayerType {
  constructor(
    private readonly layer: Layer,
    private readonly view: ConfigView,
  ) {}

  @Field(() => LayerKindEnum, { description: "Which layer it is." })
  @Extensions(SHARED)
  get kind(): LayerKind {
    return this.layer.kind;
  }

  @Field(() => AccountType, {
    nullable: true,
    description: "Whose document it is; null for SYSTEM and SCHEMA, and above your reach.",
  })
  get account(): AccountType | null {
    const { accountId } = this.layer;
    return AccountType.of(accountId === undefined ? undefined : accountOfLayer(this.view, accountId));
  }

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description:
      "The layer's own overrides (SCHEMA: the defaults), as the account may see them; null when nothing is stored. Those that a constraint keeps out of force are among them; empty where there are only constraints.",
  })
  get document(): JsonObject | null {
    return this.layer.document ?? null;
  }

  @Field(() => Int, {
    nullable: true,
    description:
      "Counts the writes of the document, resets too. Null when nothing is stored, for SCHEMA, and above your reach.",
  })
  get revision(): number | null {
    return this.layer.revision ?? null;
  }

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: "When it was written last; null as `revision` is.",
  })
  get updatedAt(): string | null {
    return this.layer.updatedAt ?? null;
  }

  @Field(() => String, { nullable: true, description: "Who wrote it last; null as `revision` is." })
  get updatedBy(): string | null {
    return this.layer.updatedBy ?? null;
  }

  @Field(() => [ConfigConstraintType], {
    complexity: listComplexity(2),
    description:
      "What this layer's document says to the layers above it, by pointer, as the account may see it. It does not bind the layer itself.",
  })
  constraints(
    @Ctx() { work }: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): ListOf<ConfigConstraintType> {
    const { constraints = [] } = this.layer;
    return work.handOut(
      constraints.map((constraint) => new ConfigConstraintType(constraint, this)),
      info,
    );
  }
}

export const ConstraintKindEnum = Object.fromEntries(CONSTRAINT_KINDS.map((kind) => [kind, kind])) as {
  [K in ConstraintKind]: K;
};

registerEnumType(ConstraintKindEnum, {
  name: "ConstraintKind",
  description: "What a layer insists on.",
  valuesConfig: {
    LOCK: {
      description: "The layers above have no say at the pointer, below it, or with a non-object above it.",
    },
    BOUNDS: {
      description:
        "The layers above may say at the pointer what `schema` accepts. Nothing is ever clamped to it.",
    },
  },
});

@ObjectType("ConfigConstraint", {
  simpleResolvers: true,
  description:
    "What a document says to the layers above it. An override that it excludes stays stored, is not in force, and comes back when the constraint goes.",
})
export class ConfigConstraintType {
  constructor(
    private readonly constraint: Constraint,
    private readonly carrier: ConfigLayerType,
  ) {}

  @Field(() => JsonPointerScalar, { description: 'Where; `""` is the whole config.' })
  get pointer(): string {
    return this.constraint.pointer;
  }

  @Field(() => ConstraintKindEnum, { description: "LOCK or BOUNDS." })
  get kind(): ConstraintKind {
    return this.constraint.kind;
  }

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description: "The JSON Schema of BOUNDS; null for a LOCK.",
  })
  get schema(): JsonObject | null {
    return this.constraint.schema ?? null;
  }

  @Field(() => String, { description: "Why, in the words of whoever set it." })
  get reason(): string {
    return this.constraint.reason;
  }

  @Field(() => ConfigLayerType, { description: "The layer whose document has it." })
  get layer(): ConfigLayerType {
    return this.carrier;
  }
}
