import { Field, ID, ObjectType } from "type-graphql";
import type { AccountView } from "../../../service/account-view.js";
import { NodeType } from "./node.type.js";

@ObjectType("Account", {
  simpleResolvers: true,
  implements: NodeType,
  description: "A tenant. Accounts form one tree under one root.",
})
export class AccountType implements NodeType {
  constructor(private readonly view: AccountView) {}

  static of(view: AccountView | undefined): AccountType | null {
    return view === undefined ? null : new AccountType(view);
  }

  @Field(() => ID, {
    description: "Unique among all accounts, and among everything that `node` finds; never changes.",
  })
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
}
