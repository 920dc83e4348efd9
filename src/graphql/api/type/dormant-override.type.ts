import { Field, ObjectType } from "type-graphql";
import type { Json } from "../../../domain/json/json.js";
import type { DormantLeaf } from "../../../domain/merge/merged.js";
import { JsonPointerScalar, JsonScalar } from "../scalars.js";
import { ConfigConstraintType, ConfigLayerType } from "./config-layer.type.js";

@ObjectType("DormantOverride", {
  simpleResolvers: true,
  description:
    "An override that is stored and that a constraint keeps out of force. It comes back when the constraint goes.",
})
export class DormantOverrideType {
  constructor(
    private readonly leaf: DormantLeaf,
    private readonly layers: readonly ConfigLayerType[],
  ) {}

  @Field(() => ConfigLayerType, { description: "The layer whose document has it." })
  get layer(): ConfigLayerType {
    return this.layers.at(-1 - this.leaf.layer) as ConfigLayerType;
  }

  @Field(() => JsonPointerScalar, { description: "Where in that document it is." })
  get pointer(): string {
    return this.leaf.pointer;
  }

  @Field(() => JsonScalar, { nullable: true, description: "What the layer says there." })
  get value(): Json {
    return this.leaf.value;
  }

  @Field(() => ConfigConstraintType, {
    description:
      "What decides so: of several a LOCK before BOUNDS, then that of the nearest layer, then that with the shortest pointer.",
  })
  get constraint(): ConfigConstraintType {
    const { constraint, layer } = this.leaf.binding;
    return new ConfigConstraintType(constraint, this.layers.at(-1 - layer) as ConfigLayerType);
  }
}
