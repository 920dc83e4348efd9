import { Field, ID, ObjectType } from "type-graphql";
import { resellerLineage } from "../../../domain/reseller.js";
import type { AccountView } from "../../../service/authorize.js";
import type { AccountRecord, Lineage } from "../../../store/store.js";

@ObjectType("Account", {
  simpleResolvers: true,
  description: "A tenant. Accounts form one tree under one root.",
})
export class AccountType {
  readonly #account: AccountRecord;

  constructor(private readonly view: AccountView) {
    this.#account = view.lineage[0];
  }

  static of(view: AccountView | undefined): AccountType | null {
    return view === undefined ? null : new AccountType(view);
  }

  /** The account that hangs `steps` above; null where there is none, or the caller does not know of it. */
  static above({ lineage, reach }: AccountView, steps: number): AccountType | null {
    const ancestors = lineage.slice(steps);
    return isLineage(ancestors) && steps < reach
      ? new AccountType({ lineage: ancestors, reach: reach - steps })
      : null;
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

  @Field(() => AccountType, {
    nullable: true,
    description: "The account it hangs under; null for the root, and above your reach.",
  })
  get parent(): AccountType | null {
    return AccountType.above(this.view, 1);
  }

  @Field(() => AccountType, {
    nullable: true,
    description:
      "The account whose document is this account's RESELLER layer; null for the root, which has none, and above your reach.",
  })
  get reseller(): AccountType | null {
    const { lineage } = this.view;
    const reseller = resellerLineage(lineage);
    return reseller === undefined ? null : AccountType.above(this.view, lineage.length - reseller.length);
  }
}

function isLineage(accounts: readonly AccountRecord[]): accounts is Lineage {
  return accounts.length > 0;
}
