import { Arg, Args, Ctx, Field, ID, Mutation, ObjectType, Query, Resolver } from "type-graphql";
import { PAGE_LIMIT, PAGE_SIZE } from "../../../service/account-page.js";
import { writeComplexity } from "../complexity.js";
import type { RequestContext } from "../context.js";
import { AccountsArgs } from "../input/accounts.args.js";
import { IdArgs } from "../input/config.args.js";
import {
  accountUpdate,
  CreateAccountInput,
  DeleteAccountInput,
  UpdateAccountInput,
} from "../input/write-account.input.js";
import { AccountType } from "../type/account.type.js";
import { AccountConnectionType } from "../type/account-connection.type.js";
import { AccountWrittenType } from "../type/account-written.type.js";

@ObjectType("AccountDeleted", {
  simpleResolvers: true,
  description: "An account was deleted, with its documents, their histories and versions.",
})
export class AccountDeletedType {
  @Field(() => ID, { description: "The id that the account had. Another account may get it." })
  readonly deletedAccountId: string;

  constructor(deletedAccountId: string) {
    this.deletedAccountId = deletedAccountId;
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

  @Query(() => AccountConnectionType, {
    nullable: true,
    complexity: ({ args, childComplexity }) => 10 + pageSize(args) * (5 + childComplexity),
    description:
      "The accounts right below one, by id; without `parentId`, every account you may know of, each before those below it. `first` and `after` go forwards, `last` and `before` backwards; the order of a page is the same. Pages stay in step when accounts are created or deleted meanwhile. Errors: UNAUTHENTICATED, FORBIDDEN, ACCOUNT_NOT_FOUND (the parent), BAD_USER_INPUT (limit `pageSize`: 1,000 accounts; `first` and `last` together; or a cursor of another list), STORE_UNAVAILABLE.",
  })
  async accounts(
    @Args(() => AccountsArgs) { parentId, first, after, last, before }: AccountsArgs,
    @Ctx() { accounts, principal, reader }: RequestContext,
  ): Promise<AccountConnectionType> {
    const wanted = {
      parentId: parentId ?? undefined,
      first: first ?? undefined,
      after: after ?? undefined,
      last: last ?? undefined,
      before: before ?? undefined,
    };
    return new AccountConnectionType(await accounts.list(principal, wanted, reader));
  }

  @Mutation(() => AccountWrittenType, {
    nullable: true,
    complexity: writeComplexity,
    description:
      "Creates an account under its parent; without a parent, the root, once. Only superadmins choose the id. A reseller is made by its own reseller (the nearest one above it; the root where there is none) or by an account above that one; everybody else is FORBIDDEN. Errors: UNAUTHENTICATED, FORBIDDEN, ACCOUNT_EXISTS, ACCOUNT_NOT_FOUND (the parent), BAD_USER_INPUT (limit `accountDepth`: the tree is at most 32 levels deep), STORE_UNAVAILABLE (nothing was written), WRITE_OUTCOME_UNKNOWN.",
  })
  async createAccount(
    @Arg("input", () => CreateAccountInput, { description: "The account to create." })
    input: CreateAccountInput,
    @Ctx() { accounts, principal, reader }: RequestContext,
  ): Promise<AccountWrittenType> {
    const { id, name, parentId, isReseller, note, operationId } = input;
    const created = await accounts.create(principal, {
      id: id ?? undefined,
      name,
      parentId: parentId ?? undefined,
      isReseller,
      note: note ?? undefined,
      operationId: operationId ?? undefined,
    });
    reader.clear();
    return new AccountWrittenType(new AccountType(created));
  }
  @Mutation(() => AccountWrittenType, {
    nullable: true,
    complexity: writeComplexity,
    description:
      "Renames an account, makes it a reseller or none, or moves it with all that is below it. What accounts inherit from then on follows at once, etags included. You may rename your own account, but neither move it nor say whether it is a reseller. Below it, whether an account is a reseller is for that account's reseller to say, or for an account above that one; a move that gives the account another reseller needs this right over both. Everything else is FORBIDDEN. Errors: UNAUTHENTICATED, FORBIDDEN, ACCOUNT_NOT_FOUND (the account, or its new parent), ACCOUNT_CYCLE, BAD_USER_INPUT (limit `accountDepth`: the tree is at most 32 levels deep), STORE_UNAVAILABLE (nothing was written), WRITE_OUTCOME_UNKNOWN.",
  })
  async updateAccount(
    @Arg("input", () => UpdateAccountInput, { description: "What is to be changed." })
    input: UpdateAccountInput,
    @Ctx() { accounts, principal, reader }: RequestContext,
  ): Promise<AccountWrittenType> {
    const updated = await accounts.arrange(principal, accountUpdate(input));
    reader.clear();
    return AccountWrittenType.of(updated, input.dryRun);
  }

  @Mutation(() => AccountDeletedType, {
    nullable: true,
    complexity: writeComplexity,
    description:
      "Deletes an account that has none below it, with its documents, their histories and versions. Tokens issued until then count for nothing, also when the id is given to another account. Your own account you do not delete: that is FORBIDDEN. Errors: UNAUTHENTICATED, FORBIDDEN, ACCOUNT_NOT_FOUND, ACCOUNT_HAS_CHILDREN, STORE_UNAVAILABLE (nothing was written), WRITE_OUTCOME_UNKNOWN.",
  })
  async deleteAccount(
    @Arg("input", () => DeleteAccountInput, { description: "Which account." })
    { id, note, operationId }: DeleteAccountInput,
    @Ctx() { accounts, principal, reader }: RequestContext,
  ): Promise<AccountDeletedType> {
    await accounts.delete(principal, id, note ?? undefined, operationId ?? undefined);
    reader.clear();
    return new AccountDeletedType(id);
  }
}

/** A value out of range is refused when the field runs. */
function pageSize({
  first,
  last,
}: {
  readonly first?: number | null;
  readonly last?: number | null;
}): number {
  return Math.min(Math.max(first ?? last ?? PAGE_SIZE, 1), PAGE_LIMIT);
}
