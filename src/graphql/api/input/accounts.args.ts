import { ArgsType, Field, ID, Int } from "type-graphql";

@ArgsType()
export class AccountsArgs {
  @Field(() => ID, {
    nullable: true,
    description: "Whose children; null: every account that you may know of.",
  })
  parentId?: string | null;

  @Field(() => Int, { defaultValue: 50, description: "How many of them, at most; 0 to 1,000." })
  first!: number;

  @Field(() => String, {
    nullable: true,
    description: "Only what comes behind this cursor: an edge's, or `pageInfo.endCursor`.",
  })
  after?: string | null;
}
