import "reflect-metadata";
import type { GraphQLObjectType, GraphQLSchema } from "graphql";
import { buildSchema, type PubSub } from "type-graphql";
import { callDirectly } from "./direct-calls.js";
import { AccountResolver } from "./resolver/account.resolver.js";
import { AccountConfigResolver } from "./resolver/account-config.resolver.js";
import { AuditResolver } from "./resolver/audit.resolver.js";
import { ConfigResolver } from "./resolver/config.resolver.js";
import { ConfigSchemaResolver } from "./resolver/config-schema.resolver.js";
import { ImpactResolver } from "./resolver/impact.resolver.js";
import { LiveResolver } from "./resolver/live.resolver.js";
import { NodeResolver } from "./resolver/node.resolver.js";
import { ViewerResolver } from "./resolver/viewer.resolver.js";

const RESOLVERS = [
  ConfigResolver,
  AccountResolver,
  AccountConfigResolver,
  ConfigSchemaResolver,
  ViewerResolver,
  NodeResolver,
  AuditResolver,
  LiveResolver,
  ImpactResolver,
] as const;

/**
 * type-graphql wants one. Its default ends the process when a subscriber leaves many events unread; subscriptions here
 * bring their own streams.
 */
const NO_TOPICS: PubSub = {
  publish: noTopics,
  subscribe: noTopics,
};

function noTopics(): never {
  throw new Error("Subscriptions here have no topics: give each a `subscribe` of its own.");
}

/** The executable schema. Resolvers hold no state: everything they use is in the request's context. */
export async function createGraphqlSchema(): Promise<GraphQLSchema> {
  const instances = new Map<unknown, unknown>(RESOLVERS.map((Resolver) => [Resolver, new Resolver()]));
  const schema = await buildSchema({
    resolvers: [...RESOLVERS],
    container: { get: (Resolver) => instances.get(Resolver) },
    validate: false,
    pubSub: NO_TOPICS,
  });
  callDirectly(schema, (Resolver) => instances.get(Resolver));
  describeRoot(schema.getQueryType(), "Reads. Nothing here ever writes.");
  describeRoot(
    schema.getMutationType(),
    "Writes. Each is one atomic commit, or nothing; those of one request run one after the other.",
  );
  describeRoot(
    schema.getSubscriptionType(),
    "Streams: over graphql-ws, server-sent events or multipart responses.",
  );
  return schema;
}

/** type-graphql makes the root types itself and gives them no description. */
function describeRoot(type: GraphQLObjectType | undefined | null, description: string): void {
  if (type) type.description = description;
}
