import "reflect-metadata";
import { type GraphQLObjectType, type GraphQLSchema, isObjectType } from "graphql";
import { buildSchema, getMetadataStorage } from "type-graphql";
import { AccountResolver } from "./resolver/account.resolver.js";
import { AccountConfigResolver } from "./resolver/account-config.resolver.js";
import { ConfigResolver } from "./resolver/config.resolver.js";
import { ConfigSchemaResolver } from "./resolver/config-schema.resolver.js";
import { NodeResolver } from "./resolver/node.resolver.js";
import { ViewerResolver } from "./resolver/viewer.resolver.js";

const RESOLVERS = [
  ConfigResolver,
  AccountResolver,
  AccountConfigResolver,
  ConfigSchemaResolver,
  ViewerResolver,
  NodeResolver,
] as const;

/** The executable schema. Resolvers hold no state: everything they use is in the request's context. */
export async function createGraphqlSchema(): Promise<GraphQLSchema> {
  const instances = new Map<unknown, unknown>(RESOLVERS.map((Resolver) => [Resolver, new Resolver()]));
  const schema = await buildSchema({
    resolvers: [...RESOLVERS],
    container: { get: (Resolver) => instances.get(Resolver) },
    validate: false,
  });
  readByGetter(schema);
  describeRoot(schema.getQueryType(), "Reads. Nothing here ever writes.");
  describeRoot(
    schema.getMutationType(),
    "Writes. Each is one atomic commit, or nothing; those of one request run one after the other.",
  );
  return schema;
}

/**
 * What is a getter is read as a property. type-graphql takes every decorated accessor for a resolver, whatever
 * `simpleResolvers` says, and calls it through three functions of its own: some microseconds for each value.
 */
function readByGetter(schema: GraphQLSchema): void {
  for (const { name, target, fields = [] } of getMetadataStorage().objectTypes) {
    const type = schema.getType(name);
    if (!isObjectType(type)) continue;
    for (const field of fields) {
      const built = type.getFields()[field.schemaName];
      const isGetter = Object.getOwnPropertyDescriptor(target.prototype, field.name)?.get !== undefined;
      if (built !== undefined && isGetter) delete built.resolve;
    }
  }
}

/** type-graphql makes the root types itself and gives them no description. */
function describeRoot(type: GraphQLObjectType | undefined | null, description: string): void {
  if (type) type.description = description;
}
