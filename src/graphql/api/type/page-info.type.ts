import { Field, ObjectType } from "type-graphql";

@ObjectType("PageInfo", { simpleResolvers: true, description: "Where a page is in its list." })
export class PageInfoType {
  @Field(() => Boolean, { description: "Whether more comes behind it." })
  readonly hasNextPage: boolean;

  @Field(() => Boolean, { description: "Whether something comes before it." })
  readonly hasPreviousPage: boolean;

  @Field(() => String, { nullable: true, description: "The first item's cursor; null in an empty page." })
  readonly startCursor: string | null;

  @Field(() => String, {
    nullable: true,
    description: "The last item's cursor, or how far a list was looked through; null: nothing was.",
  })
  readonly endCursor: string | null;

  constructor(
    hasNextPage: boolean,
    hasPreviousPage: boolean,
    { start, end }: { readonly start: string | undefined; readonly end: string | undefined },
  ) {
    this.hasNextPage = hasNextPage;
    this.hasPreviousPage = hasPreviousPage;
    this.startCursor = start ?? null;
    this.endCursor = end ?? null;
  }
}
