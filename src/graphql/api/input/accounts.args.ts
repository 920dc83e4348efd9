import { ArgsType, Field, ID, Int } from "type-graphql";

@ArgsType()
export class AccountsArgs {
  @Field(() => ID, {
    nullable: true,
    description: "Whose children; null: every account that you may know of.",
  })
  parentId?: string | null;

  @Field(() => Int, {
    nullable: true,
    description: "How many of them, at most, from the start on; 0 to 1,000. Without `first` and `last`: 50.",
  })
  first?: number | null;

  @Field(() => String, {
    nullable: true,
    description: "Only what comes behind this cursor: an edge's, or `pageInfo.endCursor`.",
  })
  after?: string | null;

  @Field(() => Int, {
    nullable: true,
    description: "How many of them, at most, up to the end; 0 to 1,000. Never together with `first`.",
  })
  last?: number | null;

  @Field(() => String, {
    nullable: true,
    description: "Only what comes before this cursor: an edge's, or `pageInfo.startCursor`.",
  })
  before?: string | null;
}
