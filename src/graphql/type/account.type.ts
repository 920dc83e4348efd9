import { Args, Ctx, Field, ID, ObjectType } from "type-graphql";
import type { AccountView } from "../../service/account-view.js";
import type { RequestContext } from "../context.js";
import { ConfigArgs, ConfigsArgs } from "../input/config.args.js";
import { EffectiveConfigType } from "./effective-config.type.js";

@ObjectType("Account", {
  simpleResolvers: true,
  description: "A tenant. Accounts form one tree under one root.",
})
export class AccountType {
  constructor(private readonly view: AccountView) {}

  static of(view: AccountView | undefined): AccountType | null {
    return view === undefined ? null : new AccountType(view);
  }

  @Field(() => ID, { description: "Unique among all accounts; never changes." })
  get id(): string {
    return this.view.id;
  }

  @Field(() => String, { description: "What people call it." })
  get name(): string {
    return this.view.name;
  }

  @Field(() => Boolean, { description: "Whether accounts below it take it as their RESELLER layer." })
  get isReseller(): boolean {
    return this.view.isReseller;
  }

  @Field(() => AccountType, {
    nullable: true,
    description: "The account it hangs under; null for the root, and above your reach.",
  })
  get parent(): AccountType | null {
    return AccountType.of(this.view.parent);
  }

  @Field(() => AccountType, {
    nullable: true,
    description:
      "The account whose document is this account's RESELLER layer; null for the root, which has none, and above your reach.",
  })
  get reseller(): AccountType | null {
    return AccountType.of(this.view.reseller);
  }

  @Field(() => EffectiveConfigType, {
    nullable: true,
    complexity: ({ childComplexity }) => 20 + childComplexity,
    description: "One config as this account sees it. Errors: CONFIG_NOT_FOUND, STORE_UNAVAILABLE.",
  })
  async config(
    @Args(() => ConfigArgs) { configId }: ConfigArgs,
    @Ctx() context: RequestContext,
  ): Promise<EffectiveConfigType> {
    return this.#effective(configId, context);
  }

  @Field(() => [EffectiveConfigType], {
    nullable: true,
    complexity: ({ args, childComplexity }) => (args.configIds?.length ?? 25) * (20 + childComplexity),
    description:
      "Every config that has an account schema, by id, or the named ones in the order asked. Read from the store in one batch with everything else that the request reads. Errors: CONFIG_NOT_FOUND, STORE_UNAVAILABLE.",
  })
  async configs(
    @Args(() => ConfigsArgs) { configIds }: ConfigsArgs,
    @Ctx() context: RequestContext,
  ): Promise<EffectiveConfigType[]> {
    const ids = configIds ?? context.configs.accountConfigIds();
    return Promise.all(ids.map((configId) => this.#effective(configId, context)));
  }

  async #effective(
    configId: string,
    { configs, principal, reader }: RequestContext,
  ): Promise<EffectiveConfigType> {
    const target = { accountId: this.id, configId };
    return new EffectiveConfigType(await configs.effective(principal, target, reader));
  }
}
