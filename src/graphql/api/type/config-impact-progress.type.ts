import { Field, Int, ObjectType } from "type-graphql";
import type { ImpactProgress } from "../../../service/impact/impact-progress.js";
import type { WriteResult } from "../../../service/write/config-write.js";
import { WriteConfigResult, writeResultType } from "./write-result.type.js";

@ObjectType("ConfigImpactProgress", {
  simpleResolvers: true,
  description: "How far the look at the accounts that a write would reach has come.",
})
export class ConfigImpactProgressType {
  constructor(private readonly progress: ImpactProgress<WriteResult>) {}

  @Field(() => Int, {
    description:
      "Accounts that were looked at. It begins again where something has changed, and all are looked at anew.",
  })
  get done(): number {
    return this.progress.done;
  }

  @Field(() => Int, {
    description:
      "How many accounts there are to look at, at most: those below another reseller inherit from that one. Exact in the last message.",
  })
  get total(): number {
    return this.progress.total;
  }

  @Field(() => WriteConfigResult, {
    nullable: true,
    description:
      "In the last message: what the mutation would answer as a dry run; its `impact` is known by then. Null before.",
  })
  get result(): typeof WriteConfigResult | null {
    const { result } = this.progress;
    return result === undefined ? null : writeResultType(result);
  }
}
