import {
  type ConstDirectiveNode,
  type GraphQLSchema,
  Kind,
  parse,
  parseConstValue,
  print,
  printSchema,
} from "graphql";

/** The oldest version that has what is used here: every composer of Federation 2 takes it. */
const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@key", "@shareable"])';

/**
 * The SDL of a subgraph. `PageInfo` may be another subgraph's as well, as it is the same in all that page like Relay.
 * @param entities the types that other subgraphs may refer to, by `id`
 */
export function subgraphSdl(schema: GraphQLSchema, entities: readonly string[]): string {
  const document = parse(printSchema(schema));
  const key = directive("key", { fields: '"id"' });
  const definitions = document.definitions.map((definition) => {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION) return definition;
    const { value: name } = definition.name;
    if (entities.includes(name)) return { ...definition, directives: [key] };
    return name === "PageInfo" ? { ...definition, directives: [directive("shareable")] } : definition;
  });
  return `${LINK}\n\n${print({ ...document, definitions })}\n`;
}

function directive(name: string, args: Readonly<Record<string, string>> = {}): ConstDirectiveNode {
  return {
    kind: Kind.DIRECTIVE,
    name: { kind: Kind.NAME, value: name },
    arguments: Object.entries(args).map(([argument, value]) => ({
      kind: Kind.ARGUMENT,
      name: { kind: Kind.NAME, value: argument },
      value: parseConstValue(value),
    })),
  };
}
