import { Args, Ctx, Field, ID, ObjectType } from "type-graphql";
import { resellerLineage } from "../../domain/reseller.js";
import type { AccountRecord, Lineage } from "../../store/store.js";
import type { RequestContext } from "../context.js";
import { ConfigArgs, ConfigsArgs } from "../input/config.args.js";
import { EffectiveConfigType } from "./effective-config.type.js";

@ObjectType("Account", {
  simpleResolvers: true,
  description: "A tenant. Accounts form one tree under one root.",
})
export class AccountType {
  readonly #account: AccountRecord;

  constructor(private readonly lineage: Lineage) {
    this.#account = lineage[0];
  }

  static of(lineage: Lineage | undefined): AccountType | null {
    return lineage === undefined ? null : new AccountType(lineage);
  }

  @Field(() => ID, { description: "Unique among all accounts; never changes." })
  get id(): string {
    return this.#account.id;
  }

  @Field(() => String, { description: "What people call it." })
  get name(): string {
    return this.#account.name;
  }

  @Field(() => Boolean, { description: "Whether accounts below it take it as their RESELLER layer." })
  get isReseller(): boolean {
    return this.#account.isReseller;
  }

  @Field(() => AccountType, { nullable: true, description: "The account it hangs under; null for the root." })
  get parent(): AccountType | null {
    const [, ...ancestors] = this.lineage;
    return isLineage(ancestors) ? new AccountType(ancestors) : null;
  }

  @Field(() => AccountType, {
    nullable: true,
    description:
      "The account whose document is this account's RESELLER layer; null for the root, which has none.",
  })
  get reseller(): AccountType | null {
    return AccountType.of(resellerLineage(this.lineage));
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

  async #effective(configId: string, { configs, reader }: RequestContext): Promise<EffectiveConfigType> {
    return new EffectiveConfigType(await configs.effective({ accountId: this.id, configId }, reader));
  }
}

function isLineage(accounts: readonly AccountRecord[]): accounts is Lineage {
  return accounts.length > 0;
}
