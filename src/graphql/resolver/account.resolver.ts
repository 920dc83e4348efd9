import { Arg, Args, Ctx, Field, Mutation, ObjectType, Query, Resolver } from "type-graphql";
import type { RequestContext } from "../context.js";
import { IdArgs } from "../input/config.args.js";
import { CreateAccountInput } from "../input/create-account.input.js";
import { AccountType } from "../type/account.type.js";

@ObjectType("AccountWritten", {
  simpleResolvers: true,
  description: "An account was written.",
})
export class AccountWrittenType {
  @Field(() => AccountType, { description: "The account as it is now." })
  readonly account: AccountType;

  constructor(account: AccountType) {
    this.account = account;
  }
}

@Resolver()
export class AccountResolver {
  @Query(() => AccountType, {
    nullable: true,
    description:
      "The account of this id; null, without an error, when there is none, or you may not know of it. Errors: UNAUTHENTICATED, FORBIDDEN, STORE_UNAVAILABLE.",
  })
  async account(
    @Args(() => IdArgs) { id }: IdArgs,
    @Ctx() { accounts, principal, reader }: RequestContext,
  ): Promise<AccountType | null> {
    return AccountType.of(await accounts.find(principal, id, reader));
  }

  @Mutation(() => AccountWrittenType, {
    nullable: true,
    description:
      "Creates an account under its parent; without a parent, the root, once. Only superadmins choose the id. Errors: UNAUTHENTICATED, FORBIDDEN, ACCOUNT_EXISTS, ACCOUNT_NOT_FOUND (the parent), BAD_USER_INPUT (limit `accountDepth`: the tree is at most 32 levels deep), STORE_UNAVAILABLE (nothing was written), WRITE_OUTCOME_UNKNOWN.",
  })
  async createAccount(
    @Arg("input", () => CreateAccountInput, { description: "The account to create." })
    input: CreateAccountInput,
    @Ctx() { accounts, principal, reader }: RequestContext,
  ): Promise<AccountWrittenType> {
    const { id, name, parentId, isReseller } = input;
    const created = await accounts.create(principal, {
      id: id ?? undefined,
      name,
      parentId: parentId ?? undefined,
      isReseller,
    });
    reader.clear();
    return new AccountWrittenType(new AccountType(created));
  }
}
