import { Field, Int, ObjectType } from "type-graphql";
import type { AccountPage } from "../../../service/account-page.js";
import { AccountType } from "./account.type.js";
import { PageInfoType } from "./page-info.type.js";

@ObjectType("AccountEdge", { simpleResolvers: true, description: "An account and its place in the list." })
export class AccountEdgeType {
  @Field(() => String, { description: "Hand it back as `after` to go on behind this account." })
  readonly cursor: string;

  @Field(() => AccountType, { description: "The account." })
  readonly node: AccountType;

  constructor({ cursor, account }: AccountPage["edges"][number]) {
    this.cursor = cursor;
    this.node = new AccountType(account);
  }
}

@ObjectType("AccountConnection", { simpleResolvers: true, description: "One page of a list of accounts." })
export class AccountConnectionType {
  @Field(() => [AccountEdgeType], { description: "The accounts with their places." })
  readonly edges: readonly AccountEdgeType[];

  @Field(() => PageInfoType, { description: "Where the page is in the list." })
  readonly pageInfo: PageInfoType;

  @Field(() => Int, { description: "How many accounts the whole list has." })
  readonly totalCount: number;

  constructor({ edges, hasNextPage, hasPreviousPage, totalCount }: AccountPage) {
    this.edges = edges.map((edge) => new AccountEdgeType(edge));
    this.pageInfo = new PageInfoType(hasNextPage, hasPreviousPage, {
      start: edges.at(0)?.cursor,
      end: edges.at(-1)?.cursor,
    });
    this.totalCount = totalCount;
  }

  @Field(() => [AccountType], { description: "The accounts alone." })
  get nodes(): readonly AccountType[] {
    return this.edges.map(({ node }) => node);
  }
}
