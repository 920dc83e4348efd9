import { Args, Ctx, Query, Resolver } from "type-graphql";
import { authorizeAtAll } from "../../../service/authorize.js";
import type { ListOf, RequestContext } from "../context.js";
import { findNode } from "../find-node.js";
import { IdArgs, IdsArgs } from "../input/config.args.js";
import { NodeType } from "../type/node.type.js";

@Resolver()
export class NodeResolver {
  @Query(() => NodeType, {
    nullable: true,
    complexity: ({ childComplexity }) => 20 + childComplexity,
    description:
      "The account, config or config schema of this id; null, without an error, when there is none, you may not know of it, or it is no such id. The config of a past moment is found as long as it is kept; that of a dry run is not kept: null. Errors: UNAUTHENTICATED, FORBIDDEN, STORE_UNAVAILABLE.",
  })
  node(@Args(() => IdArgs) { id }: IdArgs, @Ctx() context: RequestContext): Promise<NodeType | null> {
    return findNode(id, context);
  }

  @Query(() => [NodeType], {
    nullable: "items",
    complexity: ({ args, childComplexity }) => count(args.ids) * (20 + childComplexity),
    description:
      "The same for many ids, in their order. Read from the store in one batch with everything else that the request reads. Errors: UNAUTHENTICATED, FORBIDDEN; STORE_UNAVAILABLE, for each item by itself.",
  })
  nodes(@Args(() => IdsArgs) { ids }: IdsArgs, @Ctx() context: RequestContext): ListOf<NodeType | null> {
    // Once for all: each item that fails has an error of its own.
    authorizeAtAll(context.principal, "read");
    return ids.map((id) => findNode(id, context));
  }
}

function count(ids: unknown): number {
  return Array.isArray(ids) ? ids.length : 1;
}
