import { Field, Int, ObjectType } from "type-graphql";
import type { TriedArrangement } from "../../../service/account-service.js";
import type { ImpactProgress } from "../../../service/impact/impact-progress.js";
import { AccountWrittenType } from "./account-written.type.js";

@ObjectType("AccountImpactProgress", {
  simpleResolvers: true,
  description: "How far the look at the accounts that a move or a reseller flag would reach has come.",
})
export class AccountImpactProgressType {
  constructor(private readonly progress: ImpactProgress<TriedArrangement>) {}

  @Field(() => Int, {
    description:
      "Accounts that were looked at, once for each config. It begins again where something has changed, and all are looked at anew.",
  })
  get done(): number {
    return this.progress.done;
  }

  @Field(() => Int, {
    description:
      "How many there are to look at, once for each config, at most: those below another reseller keep theirs. Exact in the last message.",
  })
  get total(): number {
    return this.progress.total;
  }

  @Field(() => AccountWrittenType, {
    nullable: true,
    description:
      "In the last message: what `updateAccount` would answer as a dry run; its `impact` is known by then. Null before.",
  })
  get result(): AccountWrittenType | null {
    const { result } = this.progress;
    return result === undefined ? null : AccountWrittenType.of(result.updated, true, result);
  }
}
