import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getArgumentValues,
  getVariableValues,
  isEnumType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  visit,
} from "graphql";
import { collectFields, collectSubfields } from "graphql/execution/collectFields.js";
import { QUICK_CHARACTERS } from "./answer-size.js";
import type { RequestContext } from "./context.js";
import { PlainCode, type PlainMember, type Room, type WriteValue } from "./plain-code.js";

/** The answer's JSON text; it rejects where graphql-js would have an error to tell. */
export type WriteAnswer = (
  context: RequestContext,
  variables: Readonly<Record<string, unknown>>,
) => Promise<string>;

/** In JSON text; and halves of characters, which alone cannot be sent. */
const NEEDS_ESCAPE = /["\\\p{Cc}\p{Cs}]/u;

/** JSON text, there already or on its way. */
type Text = string | Promise<string>;
type Variables = Readonly<Record<string, unknown>>;
interface Execution {
  readonly context: RequestContext;
  readonly variables: Variables;
  readonly room: Room;
}
type Read = (source: unknown, execution: Execution) => unknown;
type Complete = (value: unknown, execution: Execution) => Text;

interface PlannedField {
  /** What comes before its value: a comma unless it is the first, its name, a colon. */
  readonly head: string;
  readonly read: Read;
  readonly complete: Complete;
}

/**
 * A query as a plan that writes its answer: what graphql-js finds out at each execution is found out once, and the text is
 * made of the values as they are read, not of a copy of them. Holds for answers without errors alone.
 * @returns undefined where there is no such plan: for directives that depend on variables, unions and interfaces
 */
export function planAnswer(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): WriteAnswer | undefined {
  const root = schema.getQueryType();
  if (!root || hasVariableDirectives(document)) return undefined;
  let write: Complete;
  try {
    write = new Planner(schema, document, operation).root(root);
  } catch (error) {
    if (error instanceof NoPlan) return undefined;
    throw error;
  }
  return async (context, given) => {
    const { coerced, errors } = getVariableValues(schema, operation.variableDefinitions ?? [], given);
    if (errors !== undefined) throw errors[0];
    const execution = { context, variables: coerced, room: { characters: QUICK_CHARACTERS } };
    return `{"data":${await write(undefined, execution)}}\n`;
  };
}

class NoPlan extends Error {}
class NotPlain extends Error {}
type Selected = ReadonlyMap<string, readonly FieldNode[]>;

class Planner {
  readonly #fragments: Readonly<Record<string, FragmentDefinitionNode>>;

  constructor(
    private readonly schema: GraphQLSchema,
    document: DocumentNode,
    private readonly operation: OperationDefinitionNode,
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
    if (plain !== undefined) return (source, { room }) => plain(source, room);
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

  #plainObject(type: GraphQLObjectType, selected: Selected, code: PlainCode): string {
    const members = [...selected].map(([key, nodes]): PlainMember => {
      const field = fieldOf(type, nodes);
      if (field === undefined) return { key, text: JSON.stringify(type.name) };
      // What may have to wait says so in its `extensions`.
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
    return this.#plainObject(type, collectSubfields(this.schema, this.#fragments, {}, type, nodes), code);
  }

  #read(
    parentType: GraphQLObjectType,
    field: GraphQLField<unknown, unknown>,
    fieldNodes: readonly FieldNode[],
  ): Read {
    const { name: fieldName, type: returnType, resolve } = field;
    if (resolve === undefined) return (source) => (source as Record<string, unknown>)[fieldName];
    const [node] = fieldNodes as [FieldNode];
    const fixed = hasVariables(node) ? undefined : getArgumentValues(field, node);
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
    return this.#object(type, collectSubfields(this.schema, this.#fragments, {}, type, nodes));
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

function writeObject(fields: readonly PlannedField[], source: unknown, execution: Execution): Text {
  const pieces = new Pieces("{");
  try {
    for (const { head, read, complete } of fields) {
      const value = read(source, execution);
      pieces.add(
        head,
        isPromise(value) ? value.then((found) => complete(found, execution)) : complete(value, execution),
      );
    }
  } catch (error) {
    throw pieces.abandoned(error);
  }
  return pieces.text("}");
}

function writeList(complete: Complete, items: unknown, execution: Execution): Text {
  if (!Array.isArray(items)) return fail("not a list");
  const pieces = new Pieces("[");
  try {
    for (let at = 0; at < items.length; at++) {
      const item: unknown = items[at];
      const head = at === 0 ? "" : ",";
      pieces.add(
        head,
        isPromise(item) ? item.then((found) => complete(found, execution)) : complete(item, execution),
      );
    }
  } catch (error) {
    throw pieces.abandoned(error);
  }
  return pieces.text("]");
}

/** Text that is put together in order, though some of it comes later. */
class Pieces {
  #earlier: Text[] | undefined;
  #text: string;

  constructor(start: string) {
    this.#text = start;
  }

  add(head: string, text: Text): void {
    if (typeof text === "string") {
      this.#text += head + text;
      return;
    }
    this.#earlier ??= [];
    this.#earlier.push(this.#text + head, text);
    this.#text = "";
  }

  text(end: string): Text {
    const last = this.#text + end;
    return this.#earlier === undefined
      ? last
      : Promise.all([...this.#earlier, last]).then((pieces) => pieces.reduce((text, piece) => text + piece));
  }

  /** Nobody waits for what is on its way any more. */
  abandoned(error: unknown): unknown {
    void Promise.allSettled(this.#earlier ?? []);
    return error;
  }
}

function leafWriter(type: GraphQLLeafType): WriteValue {
  if (isEnumType(type)) {
    const texts = new Map(type.getValues().map(({ name, value }) => [value, JSON.stringify(name)]));
    return (value) => texts.get(value) ?? fail(`not of ${type}`);
  }
  return (value, room) => {
    const text = textOf(type.serialize(value)) ?? fail(`not of ${type}`);
    room.characters -= text.length;
    // The same large value can stand in ten thousand places: it is not written down that often.
    return room.characters < 0 ? fail("too much for one turn") : text;
  };
}

/** What JSON.stringify makes of it; it takes its time for what is short and plain, as most values are. */
function textOf(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return NEEDS_ESCAPE.test(value) ? JSON.stringify(value) : `"${value}"`;
    case "boolean":
      return value ? "true" : "false";
    case "number":
      return Number.isFinite(value) ? String(value) : undefined;
    default:
      return value === null || isPromise(value) ? undefined : JSON.stringify(value);
  }
}

function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise;
}

/** What comes of it, graphql-js tells. */
function fail(reason: string): never {
  throw new Error(reason);
}

function hasVariables(node: FieldNode): boolean {
  let found = false;
  for (const argument of node.arguments ?? [])
    visit(argument, {
      [Kind.VARIABLE]: () => {
        found = true;
      },
    });
  return found;
}

function hasVariableDirectives(document: DocumentNode): boolean {
  let found = false;
  visit(document, {
    [Kind.DIRECTIVE]: (directive) => {
      visit(directive, {
        [Kind.VARIABLE]: () => {
          found = true;
        },
      });
    },
  });
  return found;
}
