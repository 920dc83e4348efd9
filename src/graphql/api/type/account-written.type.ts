import { Args, ArgsType, Ctx, Field, ID, ObjectType } from "type-graphql";
import type { TriedArrangement, UpdatedAccount } from "../../../service/account-service.js";
import { withinTime } from "../../../service/impact/impact-watch.js";
import type { RequestContext } from "../context.js";
import { AccountType } from "./account.type.js";
import { ConfigImpactType } from "./config-impact.type.js";

@ObjectType("AccountWritten", {
  simpleResolvers: true,
  description: "An account was written (or, as a dry run, would be).",
})
export class AccountWrittenType {
  @Field(() => AccountType, { description: "The account as it is now; as it would be, in a dry run." })
  readonly account: AccountType;

  @Field(() => Boolean, { description: "Whether this was a dry run: nothing was written." })
  readonly dryRun: boolean;

  /** @param tried where all accounts were looked at already */
  constructor(
    account: AccountType,
    dryRun = false,
    private readonly updated?: UpdatedAccount,
    private readonly tried?: TriedArrangement,
  ) {
    this.account = account;
    this.dryRun = dryRun;
  }

  static of(updated: UpdatedAccount, dryRun: boolean, tried?: TriedArrangement): AccountWrittenType {
    return new AccountWrittenType(new AccountType(updated.account), dryRun, updated, tried);
  }

  @Field(() => [ConfigImpactType], {
    nullable: true,
    complexity: ({ args, childComplexity }) => (args.configIds?.length ?? 20) * (500 + childComplexity),
    description:
      "What a move or a reseller flag does to the accounts that get another reseller by it: to the account itself, and to those below it up to the next reseller. One for each of these configs, in the order asked; null: every config that accounts have, or those that `accountImpact` was asked for. Null where nobody gets another reseller. Errors: CONFIG_NOT_FOUND, BAD_USER_INPUT, QUERY_TOO_COMPLEX (limit `impact`: it takes longer than a request has; the subscription accountImpact has more time), STORE_UNAVAILABLE.",
  })
  async impact(
    @Args(() => ImpactConfigsArgs) { configIds }: ImpactConfigsArgs,
    @Ctx() { configs, principal }: RequestContext,
  ): Promise<ConfigImpactType[] | null> {
    if (this.updated === undefined) return null;
    const reports =
      this.tried !== undefined && configIds == null
        ? this.tried.reports
        : await configs.arrangementImpact(
            principal,
            this.updated,
            configIds ?? undefined,
            withinTime(ADVICE),
          );
    return reports?.map((report) => new ConfigImpactType(report)) ?? null;
  }
}

const ADVICE = {
  advice:
    "Subscribe to accountImpact, which has more time and tells how far it has come; or ask for fewer configs.",
};

@ArgsType()
class ImpactConfigsArgs {
  @Field(() => [ID], {
    nullable: true,
    description:
      "Which configs; null: every one that accounts have, or those that `accountImpact` was asked for.",
  })
  configIds?: string[] | null;
}
