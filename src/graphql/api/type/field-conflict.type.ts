import { Field, ObjectType } from "type-graphql";
import type { Json } from "../../../domain/json/json.js";
import type { LayerKind } from "../../../domain/merge/layer.js";
import type { FieldConflict } from "../../../service/write/rebase.js";
import { JsonPointerScalar, JsonScalar } from "../scalars.js";
import { FieldBlameType } from "./config-field.type.js";
import { LayerKindEnum } from "./layer-kind.type.js";

@ObjectType("FieldConflict", {
  simpleResolvers: true,
  description:
    "A field that the write would overwrite although others have changed it since `base`. Null = absent. Where an object and something else would replace each other, the place is one conflict.",
})
export class FieldConflictType {
  constructor(private readonly conflict: FieldConflict) {}

  @Field(() => JsonPointerScalar, { description: "Which field." })
  get pointer(): string {
    return this.conflict.pointer;
  }

  @Field(() => JsonScalar, { nullable: true, description: "What was in force at `base`." })
  get base(): Json {
    return this.conflict.base ?? null;
  }

  @Field(() => JsonScalar, { nullable: true, description: "What would be in force after the write." })
  get mine(): Json {
    return this.conflict.mine ?? null;
  }

  @Field(() => JsonScalar, { nullable: true, description: "What is in force now." })
  get theirs(): Json {
    return this.conflict.theirs ?? null;
  }

  @Field(() => LayerKindEnum, { nullable: true, description: "The layer that the value of now comes from." })
  get theirsSource(): LayerKind | null {
    return this.conflict.theirsSource ?? null;
  }

  @Field(() => FieldBlameType, {
    nullable: true,
    description:
      "The last write that changed it. Null where a schema or an account's move made the difference, and above your reach.",
  })
  get by(): FieldBlameType | null {
    return this.conflict.by === undefined ? null : new FieldBlameType(this.conflict.by);
  }
}
