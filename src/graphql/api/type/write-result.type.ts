import type { GraphQLResolveInfo } from "graphql";
import { Ctx, createUnionType, Field, Info, Int, InterfaceType, ObjectType } from "type-graphql";
import type { JsonObject } from "../../../domain/json/json.js";
import { withinTime } from "../../../service/impact/impact-watch.js";
import { isBlocking } from "../../../service/problems.js";
import type { WriteResult } from "../../../service/write/config-write.js";
import { afterYield, type Later } from "../../../service/yield-to-event-loop.js";
import { listComplexity } from "../complexity.js";
import type { ListOf, RequestContext } from "../context.js";
import { JsonObjectScalar, JsonPointerScalar } from "../scalars.js";
import { ConfigImpactType, impactComplexity } from "./config-impact.type.js";
import { ConfigConstraintType, ConfigLayerType } from "./config-layer.type.js";
import { ConfigProblemType } from "./config-problem.type.js";
import { EffectiveConfigType } from "./effective-config.type.js";
import { FieldChangeType } from "./field-change.type.js";
import { FieldConflictType } from "./field-conflict.type.js";

type Result<R extends WriteResult["result"]> = Extract<WriteResult, { result: R }>;

@ObjectType("ConfigWritten", {
  simpleResolvers: true,
  description: "The write was accepted (or, as a dry run, would be).",
})
export class ConfigWrittenType {
  constructor(private readonly written: Result<"written">) {}

  @Field(() => EffectiveConfigType, {
    description:
      "The config as it is after the write, from the commit itself; after the would-be write in a dry run.",
  })
  get config(): EffectiveConfigType {
    return new EffectiveConfigType(this.written.snapshot);
  }

  @Field(() => [FieldChangeType], {
    complexity: listComplexity(5),
    description: "What changed in the effective config; empty when nothing did.",
  })
  changes(@Ctx() { work }: RequestContext, @Info() info: GraphQLResolveInfo): Later<ListOf<FieldChangeType>> {
    return afterYield(() =>
      work.handOut(
        this.written.changes.map((change) => new FieldChangeType(change)),
        info,
      ),
    );
  }

  @Field(() => ConfigImpactType, {
    nullable: true,
    complexity: impactComplexity,
    description:
      "What it does to the accounts that inherit from this layer: to each of them, exactly. Null where none does. Costs nothing where it is not selected. Errors: QUERY_TOO_COMPLEX (limit `impact`: it takes longer than a request has; the subscription configImpact has more time), STORE_UNAVAILABLE. They are of this field alone: the write is made.",
  })
  async impact(): Promise<ConfigImpactType | null> {
    return ConfigImpactType.of(await this.written.impact(withinTime()));
  }

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description:
      "The layer's overrides now: only what differs from the layers below. Empty: none left, but constraints. Null: nothing is left, the document is gone.",
  })
  get document(): JsonObject | null {
    return this.written.document ?? null;
  }

  @Field(() => Int, { nullable: true, description: "The revision made; null when nothing was written." })
  get revision(): number | null {
    return this.written.revision ?? null;
  }

  @Field(() => Boolean, { description: "Whether this was a dry run: nothing was written." })
  get dryRun(): boolean {
    return this.written.dryRun;
  }

  @Field(() => Boolean, {
    description:
      "Whether an earlier request with this `operationId` did it: nothing was written now. Then `document`, `revision` and `changes` are of that write (REVISION_NOT_FOUND where the history no longer tells), and `config` is as it is now.",
  })
  get replayed(): boolean {
    return this.written.replayed;
  }

  @Field(() => [JsonPointerScalar], {
    complexity: 5,
    description: "The pointers at which the layer's document keeps its value now whatever is inherited.",
  })
  get pins(): readonly string[] {
    return this.written.pins;
  }

  @Field(() => [ConfigConstraintType], {
    complexity: listComplexity(2),
    description: "What the layer's document says to the layers above it now, by pointer.",
  })
  constraints(
    @Ctx() { work }: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): ListOf<ConfigConstraintType> {
    const { config, view } = this.written.snapshot;
    const [own] = config.layers;
    const layer = own && new ConfigLayerType(own, view);
    return work.handOut(
      layer === undefined
        ? []
        : this.written.constraints.map((constraint) => new ConfigConstraintType(constraint, layer)),
      info,
    );
  }
}

@InterfaceType("WriteRefused", { description: "The write was not accepted; nothing was written." })
export abstract class WriteRefusedType {
  @Field(() => String, { description: "Why, for a person." })
  readonly message!: string;
}

@ObjectType("ConfigInvalid", {
  simpleResolvers: true,
  implements: WriteRefusedType,
  description: "The values would break the schema, or a constraint of a layer below; nothing was written.",
})
export class ConfigInvalidType extends WriteRefusedType {
  override readonly message: string;

  constructor(private readonly invalid: Result<"invalid">) {
    super();
    const blocking = invalid.problems.filter(isBlocking).length;
    this.message = `Nothing was written: ${blocking === 1 ? "1 problem" : `${blocking} problems`} to mend first.`;
  }

  @Field(() => [ConfigProblemType], {
    complexity: listComplexity(5),
    description:
      "Every problem, not only the first; those `inherited` or `existing` are not what blocks the write.",
  })
  problems(@Ctx() { work }: RequestContext, @Info() info: GraphQLResolveInfo): ListOf<ConfigProblemType> {
    return work.handOut(
      this.invalid.problems.map((problem) => new ConfigProblemType(problem)),
      info,
    );
  }
}

@ObjectType("ConfigConflict", {
  simpleResolvers: true,
  implements: WriteRefusedType,
  description:
    "`ifMatch` named another etag than the config has now, others have changed since `base` what the write would overwrite (`conflicts`), or the write would have another impact than `expectImpact` (`impact`). Nothing was written.",
})
export class ConfigConflictType extends WriteRefusedType {
  override readonly message: string;

  constructor(private readonly conflict: Result<"conflict">) {
    super();
    this.message = conflictMessage(conflict);
  }

  @Field(() => EffectiveConfigType, { description: "The config as it is now." })
  get current(): EffectiveConfigType {
    return new EffectiveConfigType(this.conflict.current);
  }

  @Field(() => ConfigImpactType, {
    nullable: true,
    complexity: impactComplexity,
    description:
      "Where `expectImpact` named another one: the impact that the write would have now; null where no account inherits.",
  })
  get impact(): ConfigImpactType | null {
    return ConfigImpactType.of(this.conflict.impact);
  }

  @Field(() => [FieldConflictType], {
    complexity: listComplexity(5),
    description:
      "Every field that overlaps with what others have written since `base`; empty without `base`.",
  })
  conflicts(@Ctx() { work }: RequestContext, @Info() info: GraphQLResolveInfo): ListOf<FieldConflictType> {
    return work.handOut(
      this.conflict.conflicts.map((conflict) => new FieldConflictType(conflict)),
      info,
    );
  }
}

function conflictMessage({ reason, conflicts: { length } }: Result<"conflict">): string {
  if (reason === "ifMatch")
    return "Nothing was written: the config has changed since you read it. Look at it and decide again.";
  if (reason === "expectImpact")
    return "Nothing was written: the write would have another impact now than the expected one. Look at the impact and decide again.";
  const fields = length === 1 ? "1 field was" : `${length} fields were`;
  return `Nothing was written: ${fields} changed by others since \`base\`, and you would overwrite that. Look at them and decide again.`;
}

export const WriteConfigResult = createUnionType({
  name: "WriteConfigResult",
  description:
    "What became of a write. Expected outcomes are data; everything else is an error with extensions.code.",
  types: () => [ConfigWrittenType, ConfigInvalidType, ConfigConflictType] as const,
});

export function writeResultType(
  result: WriteResult,
): ConfigWrittenType | ConfigInvalidType | ConfigConflictType {
  switch (result.result) {
    case "written":
      return new ConfigWrittenType(result);
    case "invalid":
      return new ConfigInvalidType(result);
    case "conflict":
      return new ConfigConflictType(result);
  }
}
