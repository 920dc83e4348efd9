import { Field, ObjectType } from "type-graphql";
import type { Json } from "../../../domain/json/json.js";
import type { LayerKind } from "../../../domain/merge/layer.js";
import type { AttributedChange } from "../../../service/read/attributed-changes.js";
import { JsonPointerScalar, JsonScalar } from "../scalars.js";
import { FieldBlameType } from "./config-field.type.js";
import { LayerKindEnum } from "./layer-kind.type.js";

@ObjectType("AttributedChange", {
  simpleResolvers: true,
  description:
    "How one field of the effective config differs between two moments, and who did it. Null = absent. A move of the source alone is a change, too (before = after).",
})
export class AttributedChangeType {
  constructor(private readonly change: AttributedChange) {}

  @Field(() => JsonPointerScalar, { description: "Which field." })
  get pointer(): string {
    return this.change.pointer;
  }

  @Field(() => JsonScalar, { nullable: true, description: "Its value then; null when it was not there." })
  get before(): Json {
    return this.change.before ?? null;
  }

  @Field(() => JsonScalar, { nullable: true, description: "Its value afterwards; null when it is gone." })
  get after(): Json {
    return this.change.after ?? null;
  }

  @Field(() => LayerKindEnum, { nullable: true, description: "The layer it came from then." })
  get sourceBefore(): LayerKind | null {
    return this.change.sourceBefore ?? null;
  }

  @Field(() => LayerKindEnum, { nullable: true, description: "The layer it comes from afterwards." })
  get sourceAfter(): LayerKind | null {
    return this.change.sourceAfter ?? null;
  }

  @Field(() => FieldBlameType, {
    nullable: true,
    description:
      "The last write that changed what the deciding layer says here, also one that removed it. Null where a schema or an account's move made the difference, and above your reach.",
  })
  get by(): FieldBlameType | null {
    return this.change.by === undefined ? null : new FieldBlameType(this.change.by);
  }
}
