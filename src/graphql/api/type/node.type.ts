import { Field, ID, InterfaceType } from "type-graphql";

@InterfaceType("Node", {
  description: "Whatever can be read again by its id alone, with `node`.",
  // Fields lead to all types that implement it. Registered here as well, they would come before the root types in the SDL.
  autoRegisterImplementations: false,
})
export abstract class NodeType {
  @Field(() => ID, { description: "Unique among everything that has an id." })
  readonly id!: string;
}
