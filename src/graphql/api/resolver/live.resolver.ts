import { Args, Resolver, Root, Subscription } from "type-graphql";
import type { ConfigChange } from "../../../service/live/config-change.js";
import type { SubscriptionContext } from "../context.js";
import { ConfigChangedArgs } from "../input/config.args.js";
import { ConfigChangeType } from "../type/config-change.type.js";

@Resolver()
export class LiveResolver {
  @Subscription(() => ConfigChangeType, {
    subscribe: ({ args, context }) => subscribe(args as ConfigChangedArgs, context as SubscriptionContext),
    complexity: ({ childComplexity }) => 20 + childComplexity,
    description:
      "First one snapshot for each config, then one message for each change of what the account sees, whichever layer moved: its own, its reseller's, the system's, the schemas', or its place in the tree. Nothing comes when nothing visible moved. The stream ends with ACCOUNT_NOT_FOUND when the account is deleted or leaves your reach. Errors: UNAUTHENTICATED, FORBIDDEN, ACCOUNT_NOT_FOUND, CONFIG_NOT_FOUND, BAD_USER_INPUT (no cursor), STORE_UNAVAILABLE.",
  })
  configChanged(
    @Root() change: ConfigChange,
    @Args(() => ConfigChangedArgs) _args: ConfigChangedArgs,
  ): ConfigChangeType {
    return new ConfigChangeType(change);
  }
}

function subscribe(
  { accountId, configIds, since, bookmarks }: ConfigChangedArgs,
  { live, principal, lastEventId, signal }: SubscriptionContext,
): Promise<AsyncIterable<ConfigChange>> {
  return live.subscribe({
    principal,
    accountId,
    configIds: configIds ?? undefined,
    since: since ?? lastEventId,
    bookmarks,
    signal,
  });
}
