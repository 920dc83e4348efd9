import { Args, Resolver, Root, Subscription } from "type-graphql";
import type { TriedArrangement } from "../../../service/account-service.js";
import type { ImpactProgress } from "../../../service/impact/impact-progress.js";
import type { WriteResult } from "../../../service/write/config-write.js";
import { writeComplexity } from "../complexity.js";
import type { SubscriptionContext } from "../context.js";
import { AccountImpactArgs } from "../input/account-impact.args.js";
import { ConfigImpactArgs } from "../input/config-impact.args.js";
import { askedWrite } from "../input/config-write.input.js";
import { accountUpdate } from "../input/write-account.input.js";
import { AccountImpactProgressType } from "../type/account-impact-progress.type.js";
import { ConfigImpactProgressType } from "../type/config-impact-progress.type.js";

@Resolver()
export class ImpactResolver {
  @Subscription(() => ConfigImpactProgressType, {
    subscribe: ({ args, context }) => tryWrite(args as ConfigImpactArgs, context as SubscriptionContext),
    complexity: writeComplexity,
    description:
      "What a write would do to the accounts that inherit, however many there are: a dry run, with its progress some times a second, and its result in the last message; then the stream completes. Leaving it ends the work. Errors: as the mutation of that name; BAD_USER_INPUT also for none or several writes, and for `expectImpact`.",
  })
  configImpact(
    @Root() progress: ImpactProgress<WriteResult>,
    @Args(() => ConfigImpactArgs) _args: ConfigImpactArgs,
  ): ConfigImpactProgressType {
    return new ConfigImpactProgressType(progress);
  }

  @Subscription(() => AccountImpactProgressType, {
    subscribe: ({ args, context }) => tryUpdate(args as AccountImpactArgs, context as SubscriptionContext),
    complexity: writeComplexity,
    description:
      "What `updateAccount` would do to the accounts that get another reseller by it, however many there are: a dry run, with its progress some times a second, and its result in the last message; then the stream completes. Leaving it ends the work. Errors: as the mutation; CONFIG_NOT_FOUND and BAD_USER_INPUT also for the configs.",
  })
  accountImpact(
    @Root() progress: ImpactProgress<TriedArrangement>,
    @Args(() => AccountImpactArgs) _args: AccountImpactArgs,
  ): AccountImpactProgressType {
    return new AccountImpactProgressType(progress);
  }
}

async function tryWrite(
  { write }: ConfigImpactArgs,
  { configs, principal, signal }: SubscriptionContext,
): Promise<AsyncIterable<ImpactProgress<WriteResult>>> {
  return configs.tryWrite(principal, askedWrite(write), signal);
}

async function tryUpdate(
  { update, configIds }: AccountImpactArgs,
  { accounts, configs, principal, signal }: SubscriptionContext,
): Promise<AsyncIterable<ImpactProgress<TriedArrangement>>> {
  const updated = await accounts.arrange(principal, { ...accountUpdate(update), dryRun: true });
  return configs.tryArrangement(principal, updated, configIds ?? undefined, signal);
}
