import { Args, Resolver, Root, Subscription } from "type-graphql";
import type { ImpactProgress } from "../../../service/impact/impact-progress.js";
import { writeComplexity } from "../complexity.js";
import type { SubscriptionContext } from "../context.js";
import { ConfigImpactArgs } from "../input/config-impact.args.js";
import { askedWrite } from "../input/config-write.input.js";
import { ConfigImpactProgressType } from "../type/config-impact-progress.type.js";

@Resolver()
export class ImpactResolver {
  @Subscription(() => ConfigImpactProgressType, {
    subscribe: ({ args, context }) => subscribe(args as ConfigImpactArgs, context as SubscriptionContext),
    complexity: writeComplexity,
    description:
      "What a write would do to the accounts that inherit, however many there are: a dry run, with its progress some times a second, and its result in the last message; then the stream completes. Leaving it ends the work. Errors: as the mutation of that name; BAD_USER_INPUT also for none or several writes, and for `expectImpact`.",
  })
  configImpact(
    @Root() progress: ImpactProgress,
    @Args(() => ConfigImpactArgs) _args: ConfigImpactArgs,
  ): ConfigImpactProgressType {
    return new ConfigImpactProgressType(progress);
  }
}

async function subscribe(
  { write }: ConfigImpactArgs,
  { configs, principal, signal }: SubscriptionContext,
): Promise<AsyncIterable<ImpactProgress>> {
  return configs.tryWrite(principal, askedWrite(write), signal);
}
