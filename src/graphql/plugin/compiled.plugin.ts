import { type ApolloServerPlugin, HeaderMap } from "@apollo/server";
import {
  type DocumentNode,
  type ExecutionResult,
  type GraphQLSchema,
  type OperationDefinitionNode,
  OperationTypeNode,
} from "graphql";
import { type CompiledQuery, compileQuery, isCompiledQuery } from "graphql-jit";
import { LRUCache } from "lru-cache";
import type { RequestContext } from "../context.js";

/** What is asked so often is asked again; making code costs as much as some ten executions. */
const COMPILE_AT = 3;
/** Queries of which code, or a count, is kept. */
const QUERIES = 500;

/** A query that has come before: how often, and the code once there is some; null: it cannot be compiled. */
interface Known {
  count: number;
  run: CompiledQuery["query"] | null | undefined;
}

/**
 * Executes queries that come again with code made for each of them, some ten times as fast as walking through the query
 * each time. What ends with an error is executed once more in the ordinary way: queries write nothing, and errors are to
 * be the same whoever executes.
 */
export function compiledPlugin(compileAt = COMPILE_AT): ApolloServerPlugin<RequestContext> {
  const known = new LRUCache<OperationDefinitionNode, Known>({ max: QUERIES });
  return {
    async requestDidStart() {
      return {
        async responseForOperation({ schema, document, operation, request, contextValue }) {
          // Missing, whatever its type says, where the operation that is asked for is not in the document.
          if ((operation as OperationDefinitionNode | undefined)?.operation !== OperationTypeNode.QUERY)
            return null;
          const query = known.get(operation) ?? { count: 0, run: undefined };
          known.set(operation, query);
          query.count++;
          if (query.run === undefined && query.count >= compileAt)
            query.run = compile(schema, document, operation);
          if (!query.run) return null;
          contextValue.work.inOneTurn = true;
          const result = (await query.run(
            undefined,
            contextValue,
            request.variables ?? {},
          )) as ExecutionResult;
          if (result.errors === undefined && result.data) {
            const { data } = result;
            return {
              http: { headers: new HeaderMap() },
              body: { kind: "single", singleResult: { data } },
            };
          }
          contextValue.work.again();
          return null;
        },
      };
    },
  };
}

function compile(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): CompiledQuery["query"] | null {
  const compiled = compileQuery(schema, document, operation.name?.value);
  return isCompiledQuery(compiled) ? compiled.query : null;
}
