import { Field, ID, ObjectType } from "type-graphql";
import type { JsonObject } from "../../../domain/json/json.js";
import type { ConfigSchema } from "../../../schema/config-schema.js";
import { schemaGlobalId } from "../global-id.js";
import { JsonObjectScalar } from "../scalars.js";
import { NodeType } from "./node.type.js";

@ObjectType("ConfigSchema", {
  simpleResolvers: true,
  implements: NodeType,
  description: "What settings a config has, what they mean, and their defaults.",
})
export class ConfigSchemaType implements NodeType {
  /** @param seesSystem whether the caller may know what there is system-wide */
  constructor(
    private readonly config: ConfigSchema,
    private readonly seesSystem: boolean,
  ) {}

  @Field(() => ID, {
    description: 'For client caches and `node`: `"schema:<configId>"`. No account or config has such an id.',
  })
  get id(): string {
    return schemaGlobalId(this.config.id);
  }

  @Field(() => ID, { description: "Which config it is of, e.g. `conferences`." })
  get configId(): string {
    return this.config.id;
  }

  @Field(() => String, { nullable: true, description: "Its name for a person." })
  get title(): string | null {
    return this.config.title ?? null;
  }

  @Field(() => String, { nullable: true, description: "What it is about." })
  get description(): string | null {
    return this.config.description ?? null;
  }

  @Field(() => JsonObjectScalar, {
    nullable: true,
    complexity: 10,
    description:
      "JSON Schema of what an account may set, self-contained: every reference is inside it. Null: the config is system-wide only.",
  })
  get accountSchema(): JsonObject | null {
    return this.config.account?.schema ?? null;
  }

  @Field(() => JsonObjectScalar, {
    nullable: true,
    complexity: 10,
    description:
      "JSON Schema of what there is system-wide, self-contained. Null when there is none, and unless you are a superadmin.",
  })
  get systemSchema(): JsonObject | null {
    return (this.seesSystem && this.config.system?.schema) || null;
  }

  @Field(() => JsonObjectScalar, {
    complexity: 10,
    description:
      "The defaults deduced from the system schema (without one: the account schema), as far as you may see them: the SCHEMA layer.",
  })
  get defaults(): JsonObject {
    const { forAccount, forSystem } = this.config;
    return (this.seesSystem ? forSystem : forAccount)?.defaults ?? {};
  }
}
