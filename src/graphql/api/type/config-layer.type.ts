import { Extensions, Field, Int, ObjectType } from "type-graphql";
import type { JsonObject } from "../../../domain/json.js";
import type { Layer, LayerKind } from "../../../domain/layer.js";
import { accountOfLayer, type ConfigView } from "../../../service/authorize.js";
import { SHARED } from "../inheritable-text.js";
import { DateTimeScalar, JsonObjectScalar } from "../scalars.js";
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
      "The layer's own overrides (SCHEMA: the defaults), as the account may see them; null when nothing is stored.",
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
}
