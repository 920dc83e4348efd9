import { ArgsType, Field, ID, Int } from "type-graphql";
import type { LayerKind } from "../../../domain/merge/layer.js";
import { DateTimeScalar, JsonPointerScalar } from "../scalars.js";
import { LayerKindEnum } from "../type/layer-kind.type.js";

@ArgsType()
export class ConfigArgs {
  @Field(() => ID, { defaultValue: "default", description: "Which config, e.g. `conferences`." })
  configId!: string;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description:
      "As it was after the last commit at or before this moment, under the schemas of today; null: as it is now.",
  })
  asOf?: string | null;
}

@ArgsType()
export class AccountConfigArgs extends ConfigArgs {
  @Field(() => ID, { description: "Whose config." })
  accountId!: string;
}

@ArgsType()
export class ConfigIdArgs {
  @Field(() => ID, { description: "Which config, e.g. `conferences`." })
  configId!: string;
}

@ArgsType()
export class SystemConfigArgs extends ConfigIdArgs {
  @Field(() => DateTimeScalar, {
    nullable: true,
    description:
      "As it was after the last commit at or before this moment, under the schemas of today; null: as it is now.",
  })
  asOf?: string | null;
}

@ArgsType()
export class ConfigsArgs {
  @Field(() => [ID], {
    nullable: true,
    description: "Which configs, in the order wanted; null: all of them.",
  })
  configIds?: string[] | null;
}

@ArgsType()
export class IdArgs {
  @Field(() => ID, { description: "The id looked for." })
  id!: string;
}

@ArgsType()
export class IdsArgs {
  @Field(() => [ID], { description: "The ids looked for." })
  ids!: string[];
}

@ArgsType()
export class AtArgs {
  @Field(() => JsonPointerScalar, { description: "Where to look. Does not go into arrays." })
  at!: string;
}

@ArgsType()
export class HistoryArgs {
  @Field(() => Int, { defaultValue: 20, description: "How many revisions, at most; 0 to 1,000." })
  first!: number;

  @Field(() => String, {
    nullable: true,
    description: "Only what comes behind this cursor: an edge's, or `pageInfo.endCursor`.",
  })
  after?: string | null;
}

@ArgsType()
export class TimeArgs {
  @Field(() => DateTimeScalar, { description: "The moment to compare with." })
  time!: string;
}

@ArgsType()
export class FieldsArgs {
  @Field(() => JsonPointerScalar, { defaultValue: "", description: "Only fields at or under this pointer." })
  under!: string;

  @Field(() => [LayerKindEnum], {
    nullable: true,
    description: "Only fields whose source is one of these layers.",
  })
  sources?: LayerKind[] | null;
}

@ArgsType()
export class ConfigChangedArgs extends ConfigsArgs {
  @Field(() => ID, { description: "Whose configs." })
  accountId!: string;

  @Field(() => String, {
    nullable: true,
    description:
      "The `cursor` of the last message, or of a config that was read: what came after it is told, in order. What cannot be told any more begins again with `reset: true`.",
  })
  since?: string | null;

  @Field(() => Boolean, {
    defaultValue: false,
    description:
      "Messages that only move the cursor, so that a quiet subscriber can resume however much others wrote.",
  })
  bookmarks!: boolean;
}
