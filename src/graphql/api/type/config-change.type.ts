import type { GraphQLResolveInfo } from "graphql";
import { Ctx, Field, Info, ObjectType } from "type-graphql";
import type { LayerKind } from "../../../domain/merge/layer.js";
import type { ConfigChange } from "../../../service/live/config-change.js";
import { afterYield, type Later } from "../../../service/yield-to-event-loop.js";
import { listComplexity } from "../complexity.js";
import type { ListOf, RequestContext } from "../context.js";
import { EffectiveConfigType } from "./effective-config.type.js";
import { FieldChangeType } from "./field-change.type.js";
import { LayerKindEnum } from "./layer-kind.type.js";

@ObjectType("ConfigChange", {
  simpleResolvers: true,
  description: "Sent when what the account sees has changed, whichever layer moved.",
})
export class ConfigChangeType {
  constructor(private readonly change: ConfigChange) {}

  @Field(() => String, {
    description: "Hand it back as `since` after a broken connection: nothing is missed. Opaque.",
  })
  get cursor(): string {
    return this.change.cursor;
  }

  @Field(() => Boolean, {
    description: "The first message of a config, or a reset: `config` is all of it, `changes` is empty.",
  })
  get snapshot(): boolean {
    return this.change.snapshot;
  }

  @Field(() => Boolean, {
    description: "Only the cursor has moved: `config` is null, `changes` is empty.",
  })
  get bookmark(): boolean {
    return this.change.bookmark;
  }

  @Field(() => Boolean, {
    description:
      "`since` could not be honoured (too old, another store): forget what you had of this config.",
  })
  get reset(): boolean {
    return this.change.reset;
  }

  @Field(() => EffectiveConfigType, {
    nullable: true,
    description: "The config as of the cursor; null in a bookmark.",
  })
  get config(): EffectiveConfigType | null {
    const { config, cursor } = this.change;
    return config === undefined ? null : new EffectiveConfigType(config, cursor);
  }

  @Field(() => [FieldChangeType], {
    complexity: listComplexity(5),
    description:
      "What changed in the effective config since the last state that was delivered, also when several events became one. Empty where only what is shadowed, or whose layer it is, has changed.",
  })
  changes(@Ctx() { work }: RequestContext, @Info() info: GraphQLResolveInfo): Later<ListOf<FieldChangeType>> {
    return afterYield(() =>
      work.handOut(
        this.change.changes.map((change) => new FieldChangeType(change)),
        info,
      ),
    );
  }

  @Field(() => [LayerKindEnum], {
    description:
      "The layers that moved, highest precedence first; several when several events became one. A move of the account, or another reseller flag, is RESELLER; another schema folder is SCHEMA.",
  })
  get movedLayers(): readonly LayerKind[] {
    return this.change.movedLayers;
  }
}
