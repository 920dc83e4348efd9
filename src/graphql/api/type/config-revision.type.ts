import type { GraphQLResolveInfo } from "graphql";
import { Ctx, Extensions, Field, ID, Info, Int, ObjectType, registerEnumType } from "type-graphql";
import type { OverrideChange } from "../../../domain/change/override-change.js";
import type { Json, JsonObject } from "../../../domain/json/json.js";
import type { HistoryPage, VisibleRevision } from "../../../service/read/config-history.js";
import { afterYield, type Later, yieldToEventLoop } from "../../../service/yield-to-event-loop.js";
import { listComplexity } from "../complexity.js";
import type { ListOf, RequestContext } from "../context.js";
import { DateTimeScalar, JsonObjectScalar, JsonPointerScalar, JsonScalar } from "../scalars.js";
import { PageInfoType } from "./page-info.type.js";

export const WriteKindEnum = {
  SET: "SET",
  PATCH: "PATCH",
  RESET: "RESET",
  RESTORE: "RESTORE",
  CONSTRAIN: "CONSTRAIN",
} as const satisfies Record<VisibleRevision["written"]["kind"], string>;

registerEnumType(WriteKindEnum, {
  name: "WriteKind",
  description: "How a document was written.",
  valuesConfig: {
    SET: { description: "All of its overrides were replaced." },
    PATCH: { description: "Some of its overrides were changed." },
    RESET: { description: "Overrides were dropped: all, or some." },
    RESTORE: { description: "It was put back as it had been at an earlier revision." },
    CONSTRAIN: { description: "What it says to the layers above it was changed." },
  },
});

@ObjectType("OverrideChange", {
  simpleResolvers: true,
  description: "How one leaf of a document differs from the revision before. Null = absent.",
})
export class OverrideChangeType {
  constructor(private readonly change: OverrideChange) {}

  @Field(() => JsonPointerScalar, { description: "Which override." })
  get pointer(): string {
    return this.change.pointer;
  }

  @Field(() => JsonScalar, { nullable: true, description: "Its value before; null when it was not there." })
  get before(): Json {
    return this.change.before ?? null;
  }

  @Field(() => JsonScalar, { nullable: true, description: "Its value after; null when it was dropped." })
  get after(): Json {
    return this.change.after ?? null;
  }
}

@ObjectType("ConfigRevision", {
  simpleResolvers: true,
  description: "One write of a config's own document: who, when, why, and what became of it.",
})
export class ConfigRevisionType {
  @Field(() => ID, {
    description: 'For client caches: the id of its config with `"@<revision>"` behind it.',
  })
  readonly id: string;

  constructor(
    id: string,
    private readonly visible: VisibleRevision,
  ) {
    this.id = id;
  }

  @Field(() => Int, { description: "Counts the writes of the document. Hand it to `restoreConfig`." })
  get revision(): number {
    return this.visible.written.version.revision;
  }

  @Field(() => WriteKindEnum, { description: "How it was written." })
  get kind(): VisibleRevision["written"]["kind"] {
    return this.visible.written.kind;
  }

  @Field(() => String, { nullable: true, description: "Who wrote it; null above your reach." })
  get actor(): string | null {
    return this.visible.written.by;
  }

  @Field(() => DateTimeScalar, { description: "When it was written." })
  get at(): string {
    return this.visible.written.at;
  }

  @Field(() => String, { nullable: true, description: "Why, in the words of whoever wrote it." })
  get note(): string | null {
    return this.visible.written.note ?? null;
  }

  @Field(() => Int, {
    nullable: true,
    description: "Of a RESTORE: the revision whose document was put back.",
  })
  get restoredFrom(): number | null {
    return this.visible.written.restoredFrom ?? null;
  }

  @Field(() => JsonObjectScalar, {
    nullable: true,
    complexity: 5,
    description:
      "All overrides as they became, as you may see them today. Empty: there were only constraints. Null: nothing was left, or nothing that you see.",
  })
  @Extensions({ later: true })
  get document(): Later<JsonObject | null> {
    return afterYield(() => this.visible.document ?? null);
  }

  @Field(() => [OverrideChangeType], {
    complexity: listComplexity(2, 20),
    description:
      "What the write changed in the document. Empty where nothing that you see changed, and for the oldest revision that is kept, unless it is the first: nobody knows what was before it.",
  })
  async changes(
    @Ctx() { work }: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ListOf<OverrideChangeType>> {
    const changes = await this.visible.changes();
    await yieldToEventLoop();
    return work.handOut(
      changes.map((change) => new OverrideChangeType(change)),
      info,
    );
  }
}

@ObjectType("ConfigRevisionEdge", {
  simpleResolvers: true,
  description: "A revision and its place in the history.",
})
export class ConfigRevisionEdgeType {
  @Field(() => String, {
    description: "Hand it back as `after` to go on with the revisions before this one.",
  })
  readonly cursor: string;

  @Field(() => ConfigRevisionType, { description: "The revision." })
  readonly node: ConfigRevisionType;

  constructor(cursor: string, node: ConfigRevisionType) {
    this.cursor = cursor;
    this.node = node;
  }
}

@ObjectType("ConfigRevisionConnection", {
  simpleResolvers: true,
  description: "One page of a config's history.",
})
export class ConfigRevisionConnectionType {
  @Field(() => [ConfigRevisionEdgeType], { description: "The revisions with their places, newest first." })
  readonly edges: readonly ConfigRevisionEdgeType[];

  @Field(() => PageInfoType, { description: "Where the page is in the history." })
  readonly pageInfo: PageInfoType;

  /** @param configId the global id of the config */
  constructor(configId: string, { edges, hasNextPage, hasPreviousPage }: HistoryPage) {
    this.edges = edges.map(({ cursor, revision }) => {
      const id = `${configId}@${revision.written.version.revision}`;
      return new ConfigRevisionEdgeType(cursor, new ConfigRevisionType(id, revision));
    });
    this.pageInfo = new PageInfoType(hasNextPage, hasPreviousPage, {
      start: edges.at(0)?.cursor,
      end: edges.at(-1)?.cursor,
    });
  }

  @Field(() => [ConfigRevisionType], { description: "The revisions alone, newest first." })
  get nodes(): readonly ConfigRevisionType[] {
    return this.edges.map(({ node }) => node);
  }
}
