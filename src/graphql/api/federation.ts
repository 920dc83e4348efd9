import "reflect-metadata";
import {
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLScalarType,
  GraphQLSchema,
  GraphQLString,
  GraphQLUnionType,
} from "graphql";
import { StrataError } from "../../domain/errors.js";
import type { JsonObject } from "../../domain/json/json.js";
import { authorizeAtAll } from "../../service/authorize.js";
import type { RequestContext } from "./context.js";
import { findNode } from "./find-node.js";
import { JsonObjectScalar } from "./scalars.js";
import { subgraphSdl } from "./subgraph-sdl.js";
import { AccountType } from "./type/account.type.js";
import { EffectiveConfigType } from "./type/effective-config.type.js";

/** What other subgraphs may refer to, by its `id`. */
const ENTITIES = new Map<string, abstract new (...args: never[]) => Entity>([
  ["Account", AccountType],
  ["EffectiveConfig", EffectiveConfigType],
]);
type Entity = AccountType | EffectiveConfigType;

const AnyScalar = new GraphQLScalarType<JsonObject>({
  name: "_Any",
  description: 'What names an entity: `{"__typename": "Account", "id": "…"}`.',
  parseValue: (value) => JsonObjectScalar.parseValue(value),
  parseLiteral: (node, variables) => JsonObjectScalar.parseLiteral(node, variables),
  extensions: JsonObjectScalar.extensions,
});

/**
 * Makes a schema the one of a subgraph, as Apollo Federation 2 wants it: with what a gateway asks for entities, and for the
 * schema itself. The types stay the same objects.
 */
export function asSubgraph(schema: GraphQLSchema): GraphQLSchema {
  const { query, types, ...config } = schema.toConfig();
  if (!query) throw new Error("a subgraph without queries");
  const { fields, ...root } = query.toConfig();
  const sdl = subgraphSdl(schema, [...ENTITIES.keys()]);
  const federated = { ...fields, _entities: entitiesField(schema), _service: serviceField(sdl) };
  return new GraphQLSchema({
    ...config,
    query: new GraphQLObjectType({ ...root, fields: federated }),
    types: types.filter((type) => type !== query),
  });
}

function entitiesField(schema: GraphQLSchema) {
  const Entity = new GraphQLUnionType({
    name: "_Entity",
    description: "What other subgraphs may refer to.",
    types: () => [...ENTITIES.keys()].map((name) => schema.getType(name) as GraphQLObjectType),
    resolveType: (found) => [...ENTITIES].find(([, Type]) => found instanceof Type)?.[0],
  });
  return {
    description:
      "For the gateway of a supergraph: entities, in the order of what names them; null, without an error, when there is none, or you may not know of it. Read from the store in one batch with everything else that the request reads. Errors: UNAUTHENTICATED, FORBIDDEN; BAD_USER_INPUT and STORE_UNAVAILABLE, for each entity by itself.",
    type: new GraphQLNonNull(new GraphQLList(Entity)),
    args: {
      representations: {
        description: "What names the entities.",
        type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(AnyScalar))),
      },
    },
    extensions: { complexity: entitiesCost },
    resolve(_root: unknown, { representations }: Named, context: RequestContext) {
      // Once for all: each item that fails has an error of its own.
      authorizeAtAll(context.principal, "read");
      return representations.map((named, index) => findEntity(named, index, context));
    },
  };
}

interface Named {
  readonly representations: readonly JsonObject[];
}

function entitiesCost({ args, childComplexity }: { args: Partial<Named>; childComplexity: number }): number {
  const { representations } = args;
  return (Array.isArray(representations) ? representations.length : 1) * (20 + childComplexity);
}

/** @throws StrataError BAD_USER_INPUT for what names no entity; as `findNode` */
async function findEntity(named: JsonObject, index: number, context: RequestContext): Promise<Entity | null> {
  const { __typename: name } = named;
  // As GraphQL takes an `ID` of any caller: other subgraphs may write it as a number.
  const id = Number.isSafeInteger(named.id) ? String(named.id) : named.id;
  const Type = typeof name === "string" ? ENTITIES.get(name) : undefined;
  if (Type === undefined || typeof id !== "string") {
    const message = `An entity is named by its "__typename" (${[...ENTITIES.keys()].join(" or ")}) and its "id", a string.`;
    throw new StrataError("BAD_USER_INPUT", message, { pointer: `/representations/${index}` });
  }
  const found = await findNode(id, context);
  return found instanceof Type ? found : null;
}

function serviceField(sdl: string) {
  const type = new GraphQLObjectType({
    name: "_Service",
    description: "What the composition of a supergraph has to know of this subgraph.",
    fields: {
      sdl: {
        description: "The schema, with the directives of Apollo Federation 2.",
        type: new GraphQLNonNull(GraphQLString),
      },
    },
  });
  return {
    description: "For the composition of a supergraph. Errors: UNAUTHENTICATED, FORBIDDEN.",
    type: new GraphQLNonNull(type),
    resolve(_root: unknown, _args: unknown, { principal }: RequestContext) {
      authorizeAtAll(principal, "read");
      return { sdl };
    },
  };
}
