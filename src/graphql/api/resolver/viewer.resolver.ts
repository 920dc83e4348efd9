import { Ctx, Field, ObjectType, Query, Resolver } from "type-graphql";
import type { Caller } from "../../../service/account-service.js";
import type { RequestContext } from "../context.js";
import { AccountType } from "../type/account.type.js";

@ObjectType("Viewer", { simpleResolvers: true, description: "Who is calling." })
export class ViewerType {
  constructor(private readonly caller: Caller) {}

  @Field(() => String, { description: "Names the caller, as in `updatedBy`." })
  get subject(): string {
    return this.caller.principal.subject;
  }

  @Field(() => AccountType, {
    nullable: true,
    description: "The account that the caller acts for; null when there is none, or none any more.",
  })
  get account(): AccountType | null {
    return AccountType.of(this.caller.account);
  }

  @Field(() => Boolean, { description: "Whether the caller may act on everything." })
  get superadmin(): boolean {
    return this.caller.principal.isSuperadmin;
  }

  @Field(() => Boolean, {
    description:
      "Whether the caller's token allows writing. Writing includes reading: a write answers with the config as it is then.",
  })
  get canWrite(): boolean {
    return this.caller.principal.scopes.has("config:write");
  }
}

@Resolver()
export class ViewerResolver {
  @Query(() => ViewerType, {
    description: "Who is calling, and how far that goes. Errors: UNAUTHENTICATED, STORE_UNAVAILABLE.",
  })
  async viewer(@Ctx() { accounts, principal, reader }: RequestContext): Promise<ViewerType> {
    return new ViewerType(await accounts.caller(principal, reader));
  }
}
