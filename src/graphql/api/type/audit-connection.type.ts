import { Field, ID, Int, ObjectType, registerEnumType } from "type-graphql";
import type { AuditAction, AuditPage, VisibleEntry } from "../../../service/audit/audit-page.js";
import { DateTimeScalar } from "../scalars.js";
import { AccountType } from "./account.type.js";
import { PageInfoType } from "./page-info.type.js";

/** Every action that there is or will be: clients are told of all of them at once. */
const ACTIONS = {
  CREATE_ACCOUNT: "An account was created.",
  UPDATE_ACCOUNT: "An account was renamed or moved, or became a reseller or none.",
  DELETE_ACCOUNT: "An account was deleted, with its documents.",
  SET: "Every override of a document was replaced.",
  PATCH: "Some overrides of a document were changed.",
  RESET: "Overrides of a document were dropped.",
  RESTORE: "A document was put back as it was in an earlier revision.",
  CONSTRAIN: "What a document says to the layers above it was changed.",
} as const satisfies Readonly<Record<AuditAction, string> & Record<string, string>>;

export const AuditActionEnum = Object.fromEntries(Object.keys(ACTIONS).map((action) => [action, action]));

registerEnumType(AuditActionEnum, {
  name: "AuditAction",
  description: "What a commit did.",
  valuesConfig: Object.fromEntries(
    Object.entries(ACTIONS).map(([action, description]) => [action, { description }]),
  ),
});

@ObjectType("AuditEntry", {
  simpleResolvers: true,
  description: "One commit: who did what, when and why. It holds no value.",
})
export class AuditEntryType {
  constructor(private readonly entry: VisibleEntry) {}

  @Field(() => String, { description: "Hand it back as `after` to go on behind this entry." })
  get cursor(): string {
    return this.entry.cursor;
  }

  @Field(() => DateTimeScalar, { description: "When. Times never go backwards." })
  get at(): string {
    return this.entry.at;
  }

  @Field(() => String, { nullable: true, description: "The subject of whoever did it; null: nobody knows." })
  get actor(): string | null {
    return this.entry.actor;
  }

  @Field(() => AuditActionEnum, { description: "What was done." })
  get action(): AuditAction {
    return this.entry.action;
  }

  @Field(() => AccountType, {
    nullable: true,
    description:
      "The account as it is now; null for the system level, and when it is gone, also if another one has its id.",
  })
  get account(): AccountType | null {
    return AccountType.of(this.entry.account);
  }

  @Field(() => ID, { nullable: true, description: "The account's id; null for the system level." })
  get accountId(): string | null {
    return this.entry.accountId ?? null;
  }

  @Field(() => String, {
    nullable: true,
    description: "What the account was called then; null for the system level.",
  })
  get accountName(): string | null {
    return this.entry.accountName ?? null;
  }

  @Field(() => ID, {
    nullable: true,
    description: "The config of the document that was written; null where it was the account itself.",
  })
  get configId(): string | null {
    return this.entry.configId ?? null;
  }

  @Field(() => Int, { nullable: true, description: "The revision of the document that was made." })
  get revision(): number | null {
    return this.entry.revision ?? null;
  }

  @Field(() => String, { nullable: true, description: "Why, in the words of whoever did it." })
  get note(): string | null {
    return this.entry.note ?? null;
  }
}

@ObjectType("AuditEdge", { simpleResolvers: true, description: "An entry and its place in the log." })
export class AuditEdgeType {
  @Field(() => String, { description: "Hand it back as `after` to go on behind this entry." })
  readonly cursor: string;

  @Field(() => AuditEntryType, { description: "The entry." })
  readonly node: AuditEntryType;

  constructor(entry: VisibleEntry) {
    this.cursor = entry.cursor;
    this.node = new AuditEntryType(entry);
  }
}

@ObjectType("AuditConnection", { simpleResolvers: true, description: "One page of the audit log." })
export class AuditConnectionType {
  @Field(() => [AuditEdgeType], { description: "The entries with their places." })
  readonly edges: readonly AuditEdgeType[];

  @Field(() => PageInfoType, {
    description:
      "Where the page is in the log. `endCursor` says how far the log was looked through: it moves on where no entry was found, too.",
  })
  readonly pageInfo: PageInfoType;

  constructor({ entries, hasNextPage, hasPreviousPage, endCursor }: AuditPage) {
    this.edges = entries.map((entry) => new AuditEdgeType(entry));
    const [first] = entries;
    this.pageInfo = new PageInfoType(hasNextPage, hasPreviousPage, {
      start: first?.cursor,
      end: endCursor,
    });
  }

  @Field(() => [AuditEntryType], { description: "The entries alone." })
  get nodes(): readonly AuditEntryType[] {
    return this.edges.map(({ node }) => node);
  }
}
