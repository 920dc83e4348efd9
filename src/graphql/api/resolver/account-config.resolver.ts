import { Args, Ctx, FieldResolver, Resolver, Root } from "type-graphql";
import { checkId } from "../../../domain/id.js";
import { configComplexity } from "../complexity.js";
import type { RequestContext } from "../context.js";
import { ConfigArgs, ConfigsArgs } from "../input/config.args.js";
import { AccountType } from "../type/account.type.js";
import { AS_OF_ERRORS, EffectiveConfigType } from "../type/effective-config.type.js";

/** The configs of an account. A config knows its account's type; the account's type knows nothing of configs. */
@Resolver(() => AccountType)
export class AccountConfigResolver {
  @FieldResolver(() => EffectiveConfigType, {
    nullable: true,
    complexity: configComplexity,
    description: `One config as this account sees it. Errors: CONFIG_NOT_FOUND, STORE_UNAVAILABLE. ${AS_OF_ERRORS}`,
  })
  async config(
    @Root() account: AccountType,
    @Args(() => ConfigArgs) { configId, asOf }: ConfigArgs,
    @Ctx() context: RequestContext,
  ): Promise<EffectiveConfigType> {
    return effective(account, configId, context, asOf);
  }

  @FieldResolver(() => [EffectiveConfigType], {
    nullable: true,
    complexity: ({ args, childComplexity }) => (args.configIds?.length ?? 25) * (20 + childComplexity),
    description:
      "Every config that has an account schema, by id, or the named ones in the order asked. Read from the store in one batch with everything else that the request reads. Errors: CONFIG_NOT_FOUND, STORE_UNAVAILABLE.",
  })
  async configs(
    @Root() account: AccountType,
    @Args(() => ConfigsArgs) { configIds }: ConfigsArgs,
    @Ctx() context: RequestContext,
  ): Promise<EffectiveConfigType[]> {
    for (const [index, id] of configIds?.entries() ?? []) checkId(id, "config", `/configIds/${index}`);
    const ids = configIds ?? context.configs.accountConfigIds();
    return Promise.all(ids.map((configId) => effective(account, configId, context)));
  }
}

async function effective(
  { id: accountId }: AccountType,
  configId: string,
  { configs, principal, reader }: RequestContext,
  asOf?: string | null,
): Promise<EffectiveConfigType> {
  return new EffectiveConfigType(await configs.effective(principal, { accountId, configId }, reader, asOf));
}
