import { buildSchema, Ctx, Query, Resolver, UseMiddleware } from "type-graphql";
import { describe, expect, test } from "vitest";
import { callDirectly } from "../../../src/graphql/api/direct-calls.js";

async function callAll(Owner: new () => object): Promise<void> {
  const container = { get: () => new Owner() };
  const schema = await buildSchema({ resolvers: [Owner], container, validate: false });
  callDirectly(schema, () => new Owner());
}

describe("a resolver that would be called otherwise than it says is refused at the start", () => {
  test("with a part of the context", async () => {
    @Resolver()
    class OfContext {
      @Query(() => String)
      whole(@Ctx("principal") principal: unknown): string {
        return String(principal);
      }
    }
    await expect(callAll(OfContext)).rejects.toThrow(
      "whole has a parameter (context) of a kind that no other has",
    );
  });

  test("with middleware", async () => {
    @Resolver()
    class WithMiddleware {
      @Query(() => String)
      @UseMiddleware(async (_, next) => next())
      guarded(): string {
        return "";
      }
    }
    await expect(callAll(WithMiddleware)).rejects.toThrow(
      "guarded has middleware, which nothing here would call",
    );
  });
});
