import { Args, Ctx, Query, Resolver } from "type-graphql";
import { AUDIT_PAGE_LIMIT, auditPage } from "../../../service/audit/audit-page.js";
import type { RequestContext } from "../context.js";
import { AuditArgs } from "../input/audit.args.js";
import { AuditConnectionType } from "../type/audit-connection.type.js";

/** Some of the log is looked through whatever is found. */
const LOOKING = 100;

@Resolver()
export class AuditResolver {
  @Query(() => AuditConnectionType, {
    nullable: true,
    complexity: ({ args, childComplexity }) => LOOKING + pageSize(args.first) * (1 + childComplexity),
    description:
      "Who did what, newest first: every commit to accounts that you may know of and to their documents; to accounts that are gone, if you might have known of them when they were deleted; for superadmins those to the system level, too. Filters narrow it; a page may be shorter than asked, and empty: go on with `pageInfo.endCursor` as long as there is a next page. Errors: UNAUTHENTICATED, FORBIDDEN, ACCOUNT_NOT_FOUND, BAD_USER_INPUT (limit `pageSize`: 1,000 entries; or not a cursor of the log), STORE_UNAVAILABLE.",
  })
  async auditLog(
    @Args(() => AuditArgs) { accountId, configId, actor, first, after }: AuditArgs,
    @Ctx() { principal, reader }: RequestContext,
  ): Promise<AuditConnectionType> {
    const wanted = {
      accountId: accountId ?? undefined,
      configId: configId ?? undefined,
      actor: actor ?? undefined,
      first,
      after: after ?? undefined,
    };
    return new AuditConnectionType(await auditPage(principal, wanted, reader));
  }
}

/** What cannot be had is refused once it runs. */
function pageSize(first: unknown): number {
  return typeof first === "number" && first > 0 ? Math.min(first, AUDIT_PAGE_LIMIT) : 1;
}
