import { Args, Ctx, Query, Resolver } from "type-graphql";
import type { RequestContext } from "../context.js";
import { ConfigIdArgs } from "../input/config.args.js";
import { ConfigSchemaType } from "../type/config-schema.type.js";

@Resolver()
export class ConfigSchemaResolver {
  @Query(() => ConfigSchemaType, {
    nullable: true,
    description:
      "What may be set in a config, and what it means. Errors: UNAUTHENTICATED, FORBIDDEN, CONFIG_NOT_FOUND.",
  })
  configSchema(
    @Args(() => ConfigIdArgs) { configId }: ConfigIdArgs,
    @Ctx() { configs, principal }: RequestContext,
  ): ConfigSchemaType {
    return new ConfigSchemaType(configs.schema(principal, configId), principal.isSuperadmin);
  }

  @Query(() => [ConfigSchemaType], {
    complexity: ({ childComplexity }) => 25 * (1 + childComplexity),
    description:
      "Every config there is, by id; those without an account schema are system-wide only, and for superadmins. Errors: UNAUTHENTICATED, FORBIDDEN.",
  })
  configSchemas(@Ctx() { configs, principal }: RequestContext): ConfigSchemaType[] {
    const schemas = configs.schemas(principal);
    return schemas.map((schema) => new ConfigSchemaType(schema, principal.isSuperadmin));
  }
}
