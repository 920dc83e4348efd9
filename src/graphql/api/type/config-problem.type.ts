import { Field, ObjectType } from "type-graphql";
import type { Json } from "../../../domain/json/json.js";
import type { LayerKind } from "../../../domain/merge/layer.js";
import type { ConfigProblem } from "../../../service/problems.js";
import { JsonPointerScalar, JsonScalar } from "../scalars.js";
import { LayerKindEnum } from "./layer-kind.type.js";

@ObjectType("ConfigProblem", {
  simpleResolvers: true,
  description: "One thing that is wrong with a config's effective values.",
})
export class ConfigProblemType {
  constructor(private readonly problem: ConfigProblem) {}

  @Field(() => JsonPointerScalar, {
    description: "Where; of something missing, where it should be. May point into an array.",
  })
  get pointer(): string {
    return this.problem.pointer;
  }

  @Field(() => String, {
    description:
      "The JSON Schema keyword that says so; `unknown` for a setting that no schema declares, `systemOnly` for one that an account cannot set.",
  })
  get keyword(): string {
    return this.problem.keyword;
  }

  @Field(() => String, { description: "For a person; holds no values." })
  get message(): string {
    return this.problem.message;
  }

  @Field(() => JsonScalar, {
    nullable: true,
    description: "What the keyword asks for, e.g. the minimum or the list of allowed values.",
  })
  get expected(): Json {
    return this.problem.expected ?? null;
  }

  @Field(() => LayerKindEnum, {
    nullable: true,
    description: "The layer that the value there comes from; null where nothing is.",
  })
  get source(): LayerKind | null {
    return this.problem.source ?? null;
  }

  @Field(() => Boolean, {
    description: "The layers below have the problem by themselves: it does not block a write here.",
  })
  get inherited(): boolean {
    return this.problem.inherited;
  }

  @Field(() => Boolean, {
    description:
      "It was there before this write, where the write changes nothing at, above or below: it does not block the write. False in reads.",
  })
  get existing(): boolean {
    return this.problem.existing;
  }
}
