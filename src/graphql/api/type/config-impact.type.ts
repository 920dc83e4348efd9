import type { GraphQLResolveInfo } from "graphql";
import {
  Args,
  ArgsType,
  type Complexity,
  Ctx,
  Field,
  Info,
  Int,
  ObjectType,
  registerEnumType,
} from "type-graphql";
import { IMPACT_OUTCOMES, type ImpactOutcome } from "../../../domain/change/impact.js";
import type { AccountImpact, ImpactPage } from "../../../service/impact/impact-page.js";
import type { ImpactReport } from "../../../service/impact/impact-report.js";
import { listComplexity } from "../complexity.js";
import type { ListOf, RequestContext } from "../context.js";
import { AccountType } from "./account.type.js";
import { ConfigProblemType } from "./config-problem.type.js";
import { FieldChangeType } from "./field-change.type.js";
import { PageInfoType } from "./page-info.type.js";

/** Accounts are looked at in pieces, which leave the event loop to others in between: the price is that of the answer. */
export const impactComplexity: Complexity = ({ childComplexity }) => 500 + childComplexity;
const PAGE_SIZE = 50;
const PAGE_LIMIT = 1_000;

export const ImpactOutcomeEnum = Object.fromEntries(IMPACT_OUTCOMES.map((outcome) => [outcome, outcome]));

registerEnumType(ImpactOutcomeEnum, {
  name: "ImpactOutcome",
  description: "What a write does to one account: the first that fits.",
  valuesConfig: {
    BROKEN: { description: "It gets a problem that it did not have." },
    HEALED: { description: "It has a problem less, and none that is new." },
    CHANGED: { description: "It gets other values." },
    MOVED: { description: "It has the same values, from other layers." },
    SHIELDED: {
      description:
        "Something below its own layer changes that it sees; what lies above keeps its effective config as it was.",
    },
    UNAFFECTED: { description: "It does not see what changes." },
  },
});

@ObjectType("ImpactCount", { simpleResolvers: true, description: "How many accounts have one outcome." })
export class ImpactCountType {
  @Field(() => ImpactOutcomeEnum, { description: "Which outcome." })
  readonly outcome: ImpactOutcome;

  @Field(() => Int, { description: "How many accounts have it." })
  readonly count: number;

  constructor(outcome: ImpactOutcome, count: number) {
    this.outcome = outcome;
    this.count = count;
  }
}

@ObjectType("AccountImpact", {
  simpleResolvers: true,
  description: "What a write does to the config of one account that inherits.",
})
export class AccountImpactType {
  constructor(private readonly impact: AccountImpact) {}

  @Field(() => AccountType, { description: "The account." })
  get account(): AccountType {
    return new AccountType(this.impact.account);
  }

  @Field(() => ImpactOutcomeEnum, { description: "The first outcome that fits." })
  get outcome(): ImpactOutcome {
    return this.impact.outcome;
  }

  @Field(() => [FieldChangeType], {
    complexity: listComplexity(2),
    description:
      "What differs in its effective config; a field that only comes from another layer is among them.",
  })
  changes(@Ctx() { work }: RequestContext, @Info() info: GraphQLResolveInfo): ListOf<FieldChangeType> {
    return work.handOut(
      this.impact.changes.map((change) => new FieldChangeType(change)),
      info,
    );
  }

  @Field(() => [ConfigProblemType], {
    complexity: listComplexity(1),
    description: "The problems that it did not have.",
  })
  problems(@Ctx() { work }: RequestContext, @Info() info: GraphQLResolveInfo): ListOf<ConfigProblemType> {
    return work.handOut(
      this.impact.problems.map((problem) => new ConfigProblemType(problem)),
      info,
    );
  }
}

@ObjectType("AccountImpactEdge", {
  simpleResolvers: true,
  description: "What a write does to one account, and its place in the list.",
})
export class AccountImpactEdgeType {
  @Field(() => String, { description: "Hand it back as `after` to go on behind this account." })
  readonly cursor: string;

  @Field(() => AccountImpactType, { description: "What the write does to the account." })
  readonly node: AccountImpactType;

  constructor({ cursor, impact }: ImpactPage["edges"][number]) {
    this.cursor = cursor;
    this.node = new AccountImpactType(impact);
  }
}

@ObjectType("AccountImpactConnection", {
  simpleResolvers: true,
  description: "One page of the accounts that inherit.",
})
export class AccountImpactConnectionType {
  @Field(() => [AccountImpactEdgeType], { description: "The accounts with their places." })
  readonly edges: readonly AccountImpactEdgeType[];

  @Field(() => PageInfoType, { description: "Where the page is in the list." })
  readonly pageInfo: PageInfoType;

  constructor({ edges, hasNextPage, hasPreviousPage }: ImpactPage) {
    this.edges = edges.map((edge) => new AccountImpactEdgeType(edge));
    this.pageInfo = new PageInfoType(hasNextPage, hasPreviousPage, {
      start: edges.at(0)?.cursor,
      end: edges.at(-1)?.cursor,
    });
  }

  @Field(() => [AccountImpactType], { description: "The accounts alone." })
  get nodes(): readonly AccountImpactType[] {
    return this.edges.map(({ node }) => node);
  }
}

@ArgsType()
class ImpactAccountsArgs {
  @Field(() => Int, { defaultValue: PAGE_SIZE, description: "How many accounts, at most; up to 1,000." })
  first!: number;

  @Field(() => String, { nullable: true, description: "A cursor: only the accounts behind it." })
  after?: string | null;

  @Field(() => [ImpactOutcomeEnum], {
    nullable: true,
    description: "Only accounts with one of these outcomes; null: all.",
  })
  outcomes?: ImpactOutcome[] | null;
}

@ObjectType("ConfigImpact", {
  simpleResolvers: true,
  description:
    "What a write does to the accounts that inherit from the layer it is made to: exactly what reading each of them before and after would tell.",
})
export class ConfigImpactType {
  constructor(private readonly report: ImpactReport) {}

  static of(report: ImpactReport | undefined): ConfigImpactType | null {
    return report === undefined ? null : new ConfigImpactType(report);
  }

  @Field(() => Int, { description: "How many accounts inherit from the layer." })
  get total(): number {
    return this.report.total;
  }

  @Field(() => [ImpactCountType], { complexity: 6, description: "Every outcome, in the order of the enum." })
  get counts(): ImpactCountType[] {
    return IMPACT_OUTCOMES.map((outcome) => new ImpactCountType(outcome, this.report.counts[outcome]));
  }

  @Field(() => String, {
    description:
      "Hand it back as `expectImpact`: then the write is made only if the same happens to the same accounts still.",
  })
  get digest(): string {
    return this.report.digest;
  }

  @Field(() => AccountImpactConnectionType, {
    complexity: ({ args, childComplexity }) =>
      20 + Math.min(Math.max(args.first ?? PAGE_SIZE, 1), PAGE_LIMIT) * (10 + childComplexity),
    description:
      "The accounts: those that break first, in the order of the outcomes; then each before those below it. Errors: BAD_USER_INPUT (limit `pageSize`: 1,000 accounts; or a cursor of another list), STORE_UNAVAILABLE.",
  })
  async accounts(
    @Args(() => ImpactAccountsArgs) { first, after, outcomes }: ImpactAccountsArgs,
  ): Promise<AccountImpactConnectionType> {
    const wanted = { first, after: after ?? undefined, outcomes: outcomes ?? undefined };
    return new AccountImpactConnectionType(await this.report.accounts(wanted));
  }
}
