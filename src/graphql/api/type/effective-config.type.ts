import type { GraphQLResolveInfo } from "graphql";
import { Args, Ctx, Extensions, Field, ID, Info, ObjectType } from "type-graphql";
import type { Json, JsonObject } from "../../../domain/json/json.js";
import type * as tree from "../../../domain/merge/field-tree.js";
import { HISTORY_PAGE_LIMIT } from "../../../service/read/config-history.js";
import type { ConfigSnapshot } from "../../../service/read/config-snapshot.js";
import { FieldBlames } from "../../../service/read/field-blames.js";
import { cursorOf, schemaMark } from "../../../service/store-cursor.js";
import { afterYield, type Later } from "../../../service/yield-to-event-loop.js";
import { listComplexity } from "../complexity.js";
import type { ListOf, RequestContext } from "../context.js";
import { configGlobalId } from "../global-id.js";
import { AtArgs, FieldsArgs, HistoryArgs, TimeArgs } from "../input/config.args.js";
import { DateTimeScalar, JsonObjectScalar, JsonPointerScalar, JsonScalar } from "../scalars.js";
import { selects } from "../selects.js";
import { AccountType } from "./account.type.js";
import { AttributedChangeType } from "./attributed-change.type.js";
import { type BlamesOf, ConfigFieldType } from "./config-field.type.js";
import { ConfigConstraintType, ConfigLayerType } from "./config-layer.type.js";
import { ConfigProblemType } from "./config-problem.type.js";
import { ConfigRevisionConnectionType } from "./config-revision.type.js";
import { ConfigSchemaType } from "./config-schema.type.js";
import { DormantOverrideType } from "./dormant-override.type.js";
import { NodeType } from "./node.type.js";

const NOT_KEPT =
  "REVISION_NOT_FOUND (not kept any more; `extensions.oldest` says from when on it is) and BAD_USER_INPUT (the moment lies in the future).";
export const AS_OF_ERRORS = `With \`asOf\` also ACCOUNT_NOT_FOUND (there was no such account then), ${NOT_KEPT}`;
export const SYSTEM_AS_OF_ERRORS = `With \`asOf\` also ${NOT_KEPT}`;

@ObjectType("EffectiveConfig", {
  simpleResolvers: true,
  implements: NodeType,
  description:
    "One config as one account (or the system level) sees it: the layers merged, with the provenance of every field. All parts of one answer belong to the same moment.",
})
export class EffectiveConfigType implements NodeType {
  /** Read once, if anybody asks. */
  readonly #blames: BlamesOf;
  /** One for each layer, whatever refers to it. */
  private readonly layerTypes: readonly ConfigLayerType[];

  /** @param told the cursor that it was told with, where a subscriber was */
  constructor(
    private readonly snapshot: ConfigSnapshot,
    private readonly told?: string,
  ) {
    const { config, view } = snapshot;
    this.layerTypes = config.layers.map((layer) => new ConfigLayerType(layer, view));
    let blames: Later<FieldBlames> | undefined;
    this.#blames = (reader) => {
      blames ??= FieldBlames.of(snapshot, reader).then((found) => {
        blames = found;
        return found;
      });
      return blames;
    };
  }

  @Field(() => ID, {
    description:
      'For client caches: `"<accountId>/<configId>"`; system level `"system:<configId>"`; of a dry run with `"?dryRun=<etag>"` behind it, of a past moment with `"?asOf=<moment>"`, so that no cache mixes them.',
  })
  get id(): string {
    const { config, dryRun, past } = this.snapshot;
    const id = configGlobalId(config.accountId, config.configId, past?.asOf);
    return dryRun ? `${id}?dryRun=${this.snapshot.etag}` : id;
  }

  @Field(() => ID, { description: "Which config it is, e.g. `conferences`." })
  get configId(): string {
    return this.snapshot.config.configId;
  }

  @Field(() => AccountType, { nullable: true, description: "Whose config it is; null for the system level." })
  get account(): AccountType | null {
    return AccountType.of(this.snapshot.view.account);
  }

  @Field(() => String, {
    description:
      "Changes exactly when values or provenance change, or what binds, is dormant or pinned. Hand it back as `ifMatch`, and a write happens only on the state you saw. Opaque.",
  })
  @Extensions({ later: true })
  get etag(): Later<string> {
    return afterYield(() => this.snapshot.etag);
  }

  @Field(() => JsonObjectScalar, {
    complexity: 10,
    description:
      "What is in force: the layers merged. Objects merge key by key, arrays and scalars are replaced whole.",
  })
  @Extensions({ later: true })
  get values(): Later<JsonObject> {
    return afterYield(() => this.snapshot.config.values);
  }

  @Field(() => JsonScalar, {
    nullable: true,
    description:
      "The value at a pointer; null when nothing is there. Errors: BAD_USER_INPUT for a malformed pointer.",
  })
  value(@Args(() => AtArgs) { at }: AtArgs): Later<Json> {
    return afterYield(() => this.snapshot.config.valueAt(at) ?? null);
  }

  @Field(() => [ConfigFieldType], {
    complexity: listComplexity(7),
    description:
      "The leaves of the values, each with its provenance, in document order: the lowest layer's members first. Arrays and empty objects are leaves. Errors: BAD_USER_INPUT for a malformed pointer; QUERY_TOO_COMPLEX (limit `response`) for more than can be answered at once: ask under a pointer.",
  })
  fields(
    @Args(() => FieldsArgs) { under, sources }: FieldsArgs,
    @Ctx() { work, reader }: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Later<ListOf<ConfigFieldType>> {
    const wanted = sources ? new Set(sources) : undefined;
    const handOut = () => {
      const fields = this.snapshot.config.fieldsUnder(under, wanted);
      return work.handOut(
        fields.map((field) => this.#fieldType(field)),
        info,
      );
    };
    // Fields that wait for the same read would all go on in the turn in which it ends.
    const blames = selects(info, "lastChange") ? this.#blames(reader) : undefined;
    return blames instanceof Promise ? blames.then(() => afterYield(handOut)) : afterYield(handOut);
  }

  @Field(() => ConfigFieldType, {
    nullable: true,
    description:
      "The field at a pointer; null when there is none, or only an object with members. Errors: BAD_USER_INPUT for a malformed pointer.",
  })
  field(@Args(() => AtArgs) { at }: AtArgs): Later<ConfigFieldType | null> {
    return afterYield(() => {
      const field = this.snapshot.config.fieldAt(at);
      return field === undefined ? null : this.#fieldType(field);
    });
  }

  @Field(() => [ConfigLayerType], {
    complexity: ({ childComplexity }) => 4 * (1 + childComplexity),
    description:
      "Where the values come from, highest precedence first. A layer with nothing stored is listed; RESELLER only where there is one; the system level has SYSTEM and SCHEMA.",
  })
  get layers(): readonly ConfigLayerType[] {
    return this.layerTypes;
  }

  @Field(() => ConfigSchemaType, { description: "What may be set here, and what it means." })
  get schema(): ConfigSchemaType {
    return new ConfigSchemaType(this.snapshot.schema, this.snapshot.view.seesSystem);
  }

  @Field(() => [ConfigProblemType], {
    complexity: listComplexity(1),
    description:
      "What the schema rejects in the values as they stand now: after a schema change, or because a lower layer holds something bad. Empty when all is well.",
  })
  problems(
    @Ctx() { work }: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Later<ListOf<ConfigProblemType>> {
    return afterYield(() =>
      work.handOut(
        this.snapshot.problems.map((problem) => new ConfigProblemType(problem)),
        info,
      ),
    );
  }

  @Field(() => ConfigRevisionConnectionType, {
    nullable: true,
    complexity: ({ args, childComplexity }) => 10 + pageSize(args.first) * (5 + childComplexity),
    description:
      "The writes of this config's own document, newest first, as you may see them today: as far back as they are kept. Errors: BAD_USER_INPUT (limit `pageSize`: 1,000 revisions; or a cursor of another history), QUERY_TOO_COMPLEX (limit `response`: more than 8 MiB of them), STORE_UNAVAILABLE.",
  })
  async history(
    @Args(() => HistoryArgs) { first, after }: HistoryArgs,
    @Ctx() { configs, reader }: RequestContext,
  ): Promise<ConfigRevisionConnectionType> {
    const { config } = this.snapshot;
    const page = await configs.history(this.snapshot, { first, after: after ?? undefined }, reader);
    return new ConfigRevisionConnectionType(configGlobalId(config.accountId, config.configId), page);
  }

  @Field(() => DateTimeScalar, {
    nullable: true,
    description:
      "The moment that was asked for; null: now. All that this config says of values and layers is of then, under the schemas of today; accounts are shown as they are now.",
  })
  get asOf(): string | null {
    return this.snapshot.past?.asOf ?? null;
  }

  @Field(() => Boolean, {
    description:
      "True: at `asOf` another schema folder was served than the one this is seen under, or nobody knows which.",
  })
  get schemaChanged(): boolean {
    return this.snapshot.past?.schemaChanged ?? false;
  }

  @Field(() => String, {
    description:
      "A position of the store at which this config was exactly as it is here. Hand it back as it is, e.g. as `since` of a subscription to this config; opaque.",
  })
  cursor(@Ctx() { configs }: RequestContext): string {
    return this.told ?? cursorOf({ ...this.snapshot.position, schema: schemaMark(configs.schemaDigest) });
  }

  @Field(() => [AttributedChangeType], {
    nullable: true,
    complexity: listComplexity(20, 40),
    description:
      "What differs in force between that moment and this config, and who did it: those there now in document order, then those that went. Errors: BAD_USER_INPUT (in the future, or after `asOf`), ACCOUNT_NOT_FOUND (there was no such account then), REVISION_NOT_FOUND (not kept any more; `extensions.oldest` says from when on it is), STORE_UNAVAILABLE.",
  })
  async changesSince(
    @Args(() => TimeArgs) { time }: TimeArgs,
    @Ctx() { configs, principal, reader, work }: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ListOf<AttributedChangeType>> {
    const changes = await configs.changesSince(principal, this.snapshot, time, reader);
    return work.handOut(
      changes.map((change) => new AttributedChangeType(change)),
      info,
    );
  }

  @Field(() => [ConfigConstraintType], {
    complexity: listComplexity(2),
    description:
      "Those that bind this config's own layer, of the nearest layer first, then by pointer. A constraint at a setting that the account does not see does not exist for it.",
  })
  constraints(
    @Ctx() { work }: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): ListOf<ConfigConstraintType> {
    return work.handOut(
      this.snapshot.config.constraints.map(
        ({ constraint, layer }) =>
          new ConfigConstraintType(constraint, this.layerTypes.at(-1 - layer) as ConfigLayerType),
      ),
      info,
    );
  }

  @Field(() => [DormantOverrideType], {
    complexity: listComplexity(2),
    description:
      "What layers say and a constraint keeps out of force, of the highest layer first, in document order.",
  })
  dormant(
    @Ctx() { work }: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Later<ListOf<DormantOverrideType>> {
    return afterYield(() =>
      work.handOut(
        this.snapshot.config.dormant.map((leaf) => new DormantOverrideType(leaf, this.layerTypes)),
        info,
      ),
    );
  }

  @Field(() => [JsonPointerScalar], {
    complexity: listComplexity(2),
    description:
      "The config's own overrides that are equal to what would be inherited without them, and not pinned. Nothing drops them by itself: reset them, or pin them.",
  })
  redundant(@Ctx() { work }: RequestContext, @Info() info: GraphQLResolveInfo): Later<ListOf<string>> {
    return afterYield(() => work.handOut(this.snapshot.config.redundant(), info));
  }

  #fieldType(field: tree.Field): ConfigFieldType {
    const { config, perspective } = this.snapshot;
    return new ConfigFieldType(field, this.layerTypes, perspective, this.#blames, config);
  }
}

/** What cannot be had is refused once it runs. */
function pageSize(first: unknown): number {
  return typeof first === "number" && first > 0 ? Math.min(first, HISTORY_PAGE_LIMIT) : 1;
}
