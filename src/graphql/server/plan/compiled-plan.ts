import {
  type ASTNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getArgumentValues,
  getNamedType,
  getVariableValues,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  visit,
} from "graphql";
import { collectFields, collectSubfields } from "graphql/execution/collectFields.js";
import type { RequestContext } from "../../api/context.js";
import { hasVariables } from "../query/has-variables.js";
import { PLAN_CHARACTERS } from "../response/response-size.js";
import { fail, PlainCode, type PlainMember, type WriteValue } from "./plain-code.js";
import { type Complete, leafWriter, type PlannedField, writeList, writeObject } from "./plan-text.js";
import { SharedTexts } from "./shared-texts.js";

/** Writes the response's JSON text; rejects where graphql-js would report an error. */
export type CompiledPlan = (
  context: RequestContext,
  variables: Readonly<Record<string, unknown>>,
  /** The event that a result of a subscription is made of; of a query there is none. */
  event?: unknown,
) => Promise<string>;

/**
 * Compiles a query, or a subscription, into a plan that writes its response: what graphql-js finds out at each execution is found out once,
 * and the text is made of the values as they are read, not of a copy of them. It makes responses without errors only.
 * @returns undefined where there can be no plan: for directives that depend on variables, unions and interfaces
 */
export function compilePlan(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  texts = new SharedTexts(),
): CompiledPlan | undefined {
  const root = schema.getRootType(operation.operation);
  if (!root || hasVariableDirectives(document)) return undefined;
  let write: Complete;
  try {
    write = new PlanCompiler(schema, document, operation, texts).root(root);
  } catch (error) {
    if (error instanceof NoPlan) return undefined;
    throw error;
  }
  return async (context, given, event) => {
    const { coerced, errors } = getVariableValues(schema, operation.variableDefinitions ?? [], given);
    if (errors !== undefined) throw errors[0];
    const execution = { context, variables: coerced, room: { characters: PLAN_CHARACTERS } };
    return `{"data":${await write(event, execution)}}\n`;
  };
}

class NoPlan extends Error {}
class NotPlain extends Error {}
type Selected = ReadonlyMap<string, readonly FieldNode[]>;

class PlanCompiler {
  readonly #fragments: Readonly<Record<string, FragmentDefinitionNode>>;

  constructor(
    private readonly schema: GraphQLSchema,
    document: DocumentNode,
    private readonly operation: OperationDefinitionNode,
    private readonly texts: SharedTexts,
  ) {
    this.#fragments = Object.fromEntries(
      document.definitions.flatMap((each) =>
        each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each]] : [],
      ),
    );
  }

  root(type: GraphQLObjectType): Complete {
    const { selectionSet } = this.operation;
    return this.#object(type, collectFields(this.schema, this.#fragments, {}, type, selectionSet));
  }

  #object(type: GraphQLObjectType, selected: Selected): Complete {
    const plain = this.#plain(type, selected);
    if (plain !== undefined) {
      const write = this.#isShared(type, selected) ? this.texts.sharing(plain) : plain;
      return (source, { room }) => write(source, room);
    }
    const fields = [...selected].map(([key, nodes], index): PlannedField => {
      const head = `${index === 0 ? "" : ","}${JSON.stringify(key)}:`;
      const field = fieldOf(type, nodes);
      if (field === undefined) return { head, read: () => type.name, complete: (name) => `"${name}"` };
      return { head, read: this.#read(type, field, nodes), complete: this.#complete(field.type, nodes) };
    });
    return (source, execution) => writeObject(fields, source, execution);
  }

  /** Code that reads properties and nothing else; undefined where something below has a resolver. */
  #plain(type: GraphQLObjectType, selected: Selected): WriteValue | undefined {
    const code = new PlainCode();
    try {
      const name = this.#plainObject(type, selected, code);
      return code.function(name);
    } catch (error) {
      if (error instanceof NotPlain) return undefined;
      throw error;
    }
  }

  /** Whether all that is selected of a type that may be inherited is the same for all who inherit it. */
  #isShared(type: GraphQLObjectType, selected: Selected): boolean {
    return (
      type.extensions.inheriting === true &&
      [...selected.values()].every((nodes) => this.#isSharedField(type, nodes))
    );
  }

  #isSharedField(type: GraphQLObjectType, nodes: readonly FieldNode[]): boolean {
    const field = fieldOf(type, nodes);
    if (field === undefined) return true;
    const inner = getNamedType(field.type);
    if (field.extensions.shared !== true) return false;
    return (
      !isObjectType(inner) ||
      [...this.#below(inner, nodes).values()].every((each) => this.#isSharedField(inner, each))
    );
  }

  #below(type: GraphQLObjectType, nodes: readonly FieldNode[]): Selected {
    return collectSubfields(this.schema, this.#fragments, {}, type, nodes);
  }

  #plainObject(type: GraphQLObjectType, selected: Selected, code: PlainCode): string {
    const members = [...selected].map(([key, nodes]): PlainMember => {
      const field = fieldOf(type, nodes);
      if (field === undefined) return { key, text: JSON.stringify(type.name) };
      // A field whose value may come later says so in its `extensions`.
      if (field.resolve !== undefined || field.extensions.later) throw new NotPlain();
      return { key, property: field.name, write: this.#plainValue(field.type, nodes, code) };
    });
    return code.object(members);
  }

  #plainValue(type: GraphQLOutputType, nodes: readonly FieldNode[], code: PlainCode): string {
    if (isNonNullType(type)) return code.present(this.#plainPresent(type.ofType, nodes, code));
    return code.nullable(this.#plainPresent(type, nodes, code));
  }

  #plainPresent(type: GraphQLOutputType, nodes: readonly FieldNode[], code: PlainCode): string {
    if (isLeafType(type)) return code.leaf(leafWriter(type));
    if (isListType(type)) return code.list(this.#plainValue(type.ofType, nodes, code));
    if (!isObjectType(type)) throw new NoPlan();
    return this.#plainObject(type, this.#below(type, nodes), code);
  }

  #read(
    parentType: GraphQLObjectType,
    field: GraphQLField<unknown, unknown>,
    fieldNodes: readonly FieldNode[],
  ): PlannedField["read"] {
    const { name: fieldName, type: returnType, resolve } = field;
    if (resolve === undefined) return (source) => (source as Record<string, unknown>)[fieldName];
    const [node] = fieldNodes as [FieldNode];
    const fixed = hasVariables(node.arguments) ? undefined : getArgumentValues(field, node);
    const { schema, operation } = this;
    const fragments = this.#fragments;
    return (source, { context, variables }) => {
      const args = fixed === undefined ? getArgumentValues(field, node, variables) : { ...fixed };
      const info: Omit<GraphQLResolveInfo, "path"> = {
        fieldName,
        fieldNodes,
        returnType,
        parentType,
        schema,
        fragments,
        operation,
        rootValue: undefined,
        variableValues: variables,
      };
      return resolve(source, args, context, info as GraphQLResolveInfo);
    };
  }

  #complete(type: GraphQLOutputType, nodes: readonly FieldNode[]): Complete {
    if (isNonNullType(type)) return this.#present(type.ofType, nodes, () => fail("null"));
    return this.#present(type, nodes, () => "null");
  }

  #present(type: GraphQLOutputType, nodes: readonly FieldNode[], absent: () => string): Complete {
    const write = this.#value(type, nodes);
    return (value, execution) => (value === null || value === undefined ? absent() : write(value, execution));
  }

  #value(type: GraphQLOutputType, nodes: readonly FieldNode[]): Complete {
    if (isLeafType(type)) {
      const write = leafWriter(type);
      return (value, { room }) => write(value, room);
    }
    if (isListType(type)) {
      const complete = this.#complete(type.ofType, nodes);
      return (items, execution) => writeList(complete, items, execution);
    }
    if (!isObjectType(type)) throw new NoPlan();
    return this.#object(type, this.#below(type, nodes));
  }
}

/** Undefined for `__typename`. */
function fieldOf(
  type: GraphQLObjectType,
  [node]: readonly FieldNode[],
): GraphQLField<unknown, unknown> | undefined {
  const name = node?.name.value ?? "";
  const field = type.getFields()[name];
  if (field === undefined && name !== "__typename") throw new NoPlan();
  return field;
}

function hasVariableDirectives(document: DocumentNode): boolean {
  const directives: ASTNode[] = [];
  visit(document, { [Kind.DIRECTIVE]: (directive) => void directives.push(directive) });
  return hasVariables(directives);
}
