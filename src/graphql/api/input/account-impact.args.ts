import { ArgsType, Field, ID } from "type-graphql";
import { UpdateAccountInput } from "./write-account.input.js";

@ArgsType()
export class AccountImpactArgs {
  @Field(() => UpdateAccountInput, { description: "The update that is asked about. It is not made." })
  update!: UpdateAccountInput;

  @Field(() => [ID], { nullable: true, description: "Which configs; null: every one that accounts have." })
  configIds?: string[] | null;
}
