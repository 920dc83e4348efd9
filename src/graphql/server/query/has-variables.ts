import { type ASTNode, Kind, visit } from "graphql";

export function hasVariables(nodes: readonly ASTNode[] = []): boolean {
  let found = false;
  for (const node of nodes)
    visit(node, {
      [Kind.VARIABLE]: () => {
        found = true;
      },
    });
  return found;
}
