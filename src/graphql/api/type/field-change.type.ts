import { Field, ObjectType } from "type-graphql";
import type { FieldChange } from "../../../domain/change/field-change.js";
import type { Json } from "../../../domain/json/json.js";
import type { LayerKind } from "../../../domain/merge/layer.js";
import { JsonPointerScalar, JsonScalar } from "../scalars.js";
import { LayerKindEnum } from "./layer-kind.type.js";

@ObjectType("FieldChange", {
  simpleResolvers: true,
  description:
    "How one field of the effective config differs. Null = absent. A move of the source alone is a change, too (before = after).",
})
export class FieldChangeType {
  constructor(private readonly change: FieldChange) {}

  @Field(() => JsonPointerScalar, { description: "Which field." })
  get pointer(): string {
    return this.change.pointer;
  }

  @Field(() => JsonScalar, { nullable: true, description: "Its value before; null when it was not there." })
  get before(): Json {
    return this.change.before ?? null;
  }

  @Field(() => JsonScalar, {
    nullable: true,
    description: "Its value now; null when it is not there any more.",
  })
  get after(): Json {
    return this.change.after ?? null;
  }

  @Field(() => LayerKindEnum, { nullable: true, description: "The layer it came from before." })
  get sourceBefore(): LayerKind | null {
    return this.change.sourceBefore ?? null;
  }

  @Field(() => LayerKindEnum, { nullable: true, description: "The layer it comes from now." })
  get sourceAfter(): LayerKind | null {
    return this.change.sourceAfter ?? null;
  }
}
