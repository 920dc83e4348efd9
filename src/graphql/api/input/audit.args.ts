import { ArgsType, Field, ID, Int } from "type-graphql";

@ArgsType()
export class AuditArgs {
  @Field(() => ID, {
    nullable: true,
    description: "Only what was done to this account and its documents; it may be gone by now.",
  })
  accountId?: string | null;

  @Field(() => ID, { nullable: true, description: "Only what was done to documents of this config." })
  configId?: string | null;

  @Field(() => String, { nullable: true, description: "Only what this subject did." })
  actor?: string | null;

  @Field(() => Int, { defaultValue: 50, description: "How many of them, at most; 0 to 1,000." })
  first!: number;

  @Field(() => String, {
    nullable: true,
    description: "Only what comes behind this cursor, which is older: an edge's, or `pageInfo.endCursor`.",
  })
  after?: string | null;
}
