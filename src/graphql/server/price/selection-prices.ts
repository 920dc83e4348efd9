import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLField,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getArgumentValues,
  getDirectiveValues,
  getNamedType,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isListType,
  isObjectType,
  Kind,
  SchemaMetaFieldDef,
  type SelectionNode,
  type SelectionSetNode,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
} from "graphql";
import type { Complexity } from "type-graphql";
import { hasVariables } from "../query/has-variables.js";
import { QUERY_LIMITS } from "../query/query-limits.js";

export interface PricedSelection {
  readonly cost: number;
  readonly fields: readonly PricedField[];
}

export interface PricedField {
  /** Its name in the response. */
  readonly name: string;
  /** `Type.field`. */
  readonly coordinate: string;
  /** With everything below it. */
  readonly cost: number;
  /** How often what is below it is counted: of a list, the number of items. To be asked once all is priced. */
  readonly times: () => number;
  readonly selection: PricedSelection;
}

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;
/** Fields by their names in the response; those of one name are one field. */
type Collected = Map<string, [FieldNode, ...FieldNode[]]>;

/** Selections with fragments spelled out, after which counting stops: fragments that multiply each other have no end. */
const MOST_SELECTIONS = 10_000;
/** What an operation of more selections costs at least, for each that was counted. */
const LEAST_PER_SELECTION = QUERY_LIMITS.cost / MOST_SELECTIONS;
const EMPTY: PricedSelection = { cost: 0, fields: [] };

class TooMany extends Error {}

/** Prices the selections of one operation as graphql-js would execute them. */
export class SelectionPrices {
  readonly itemCosts = new Map<FieldNode, number>();
  /** Whether the price depends on the variables. */
  usesVariables = false;
  /** Whether counting stopped before the end. */
  isOver = false;
  #selections = 0;

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly fragments: Fragments,
    private readonly variables: Readonly<Record<string, unknown>>,
  ) {}

  operation(root: GraphQLObjectType, selectionSet: SelectionSetNode): PricedSelection {
    const fields: PricedField[] = [];
    let under: readonly [string, readonly FieldNode[]] | undefined;
    try {
      for (const entry of this.#collect(root, [selectionSet])) {
        under = entry;
        fields.push(this.#field(root, ...entry));
      }
    } catch (error) {
      if (!(error instanceof TooMany)) throw error;
      this.isOver = true;
      const cost = LEAST_PER_SELECTION * this.#selections;
      if (under !== undefined) fields.push(uncounted(root, ...under, cost));
      return { cost, fields };
    }
    return { cost: sumOf(fields), fields };
  }

  #selection(type: GraphQLCompositeType, nodes: readonly FieldNode[]): PricedSelection {
    const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    const types = isAbstractType(type) ? this.schema.getPossibleTypes(type) : [type];
    // Of an abstract type there will be one of the possible ones: the dearest counts.
    let dearest = EMPTY;
    for (const possible of types) {
      const fields = [...this.#collect(possible, sets)].map(([name, same]) =>
        this.#field(possible, name, same),
      );
      const cost = sumOf(fields);
      if (cost >= dearest.cost) dearest = { cost, fields };
    }
    return dearest;
  }

  #field(parent: GraphQLObjectType, name: string, nodes: readonly FieldNode[]): PricedField {
    const [node] = nodes as [FieldNode];
    const field = fieldOf(this.schema, parent, node.name.value);
    const coordinate = `${parent.name}.${node.name.value}`;
    if (field === undefined) return { name, coordinate, cost: 0, times: once, selection: EMPTY };
    const type = getNamedType(field.type);
    const selection = isCompositeType(type) ? this.#selection(type, nodes) : EMPTY;
    const price = this.#priceOf(parent, field, node);
    const cost = price(selection.cost);
    // A list's price grows by its length with each unit below it.
    const times = (): number => price(selection.cost + 1) - cost;
    return { name, coordinate, cost, times, selection };
  }

  #priceOf(
    type: GraphQLObjectType,
    field: GraphQLField<unknown, unknown>,
    node: FieldNode,
  ): (childComplexity: number) => number {
    const complexity = field.extensions.complexity as Complexity | undefined;
    if (typeof complexity !== "function")
      return (below) => itemsOf(type, field) * ((complexity ?? 1) + below);
    const args = this.#argumentsOf(field, node);
    const context = { itemCosts: this.itemCosts };
    return (childComplexity) => complexity({ type, field, node, args, childComplexity, context }) ?? 0;
  }

  /**
   * The arguments as `complexity` reads them. Only an argument that is read makes the price depend on its variables:
   * `config(accountId: $id)` costs the same for every account, and stays an operation that can be compiled.
   */
  #argumentsOf(field: GraphQLField<unknown, unknown>, node: FieldNode): Record<string, unknown> {
    const args: Record<string, unknown> = {};
    let values: Record<string, unknown> | undefined;
    for (const { name } of field.args) {
      const given = node.arguments?.filter((argument) => argument.name.value === name) ?? [];
      const get = (): unknown => {
        if (hasVariables(given)) this.usesVariables = true;
        values ??= this.#valuesOf(field, node);
        return values[name];
      };
      Object.defineProperty(args, name, { get, enumerable: true });
    }
    return args;
  }

  /** Those that do not fit are refused once the field is executed: then there is nothing below it. */
  #valuesOf(field: GraphQLField<unknown, unknown>, node: FieldNode): Record<string, unknown> {
    try {
      return getArgumentValues(field, node, this.variables);
    } catch {
      return {};
    }
  }

  #collect(type: GraphQLObjectType, sets: readonly SelectionSetNode[]): Collected {
    const found: Collected = new Map();
    const visited = new Set<string>();
    const walk = (selections: readonly SelectionNode[]): void => {
      for (const selection of selections) {
        if (++this.#selections > MOST_SELECTIONS) throw new TooMany();
        if (!this.#isIncluded(selection)) continue;
        if (selection.kind === Kind.FIELD) {
          const name = (selection.alias ?? selection.name).value;
          const same = found.get(name);
          if (same === undefined) found.set(name, [selection]);
          else same.push(selection);
          continue;
        }
        const fragment = this.#fragmentOf(selection, visited);
        if (fragment !== undefined && this.#applies(type, fragment.typeCondition?.name.value))
          walk(fragment.selectionSet.selections);
      }
    };
    for (const { selections } of sets) walk(selections);
    return found;
  }

  /** Undefined for one that this selection has already. */
  #fragmentOf(selection: Exclude<SelectionNode, FieldNode>, visited: Set<string>) {
    if (selection.kind === Kind.INLINE_FRAGMENT) return selection;
    const { value } = selection.name;
    if (visited.has(value)) return undefined;
    visited.add(value);
    return this.fragments.get(value);
  }

  #isIncluded(selection: SelectionNode): boolean {
    const { directives = [] } = selection;
    if (directives.length === 0) return true;
    if (hasVariables(directives)) this.usesVariables = true;
    try {
      const skip = getDirectiveValues(GraphQLSkipDirective, selection, this.variables);
      return (
        skip?.if !== true &&
        getDirectiveValues(GraphQLIncludeDirective, selection, this.variables)?.if !== false
      );
    } catch {
      // A condition without a value is refused once it is executed.
      return true;
    }
  }

  #applies(type: GraphQLObjectType, condition: string | undefined): boolean {
    const wanted = condition === undefined ? type : this.schema.getType(condition);
    if (wanted === type) return true;
    return isAbstractType(wanted) && this.schema.isSubType(wanted, type);
  }
}

/** Introspection fields have no `complexity`: the schema has some 30 types, with a handful of members each. */
function itemsOf({ name }: GraphQLObjectType, field: GraphQLField<unknown, unknown>): number {
  if (!name.startsWith("__") || !isListType(getNullableType(field.type))) return 1;
  return field.name === "types" ? 30 : 4;
}

function fieldOf(
  schema: GraphQLSchema,
  parent: GraphQLObjectType,
  name: string,
): GraphQLField<unknown, unknown> | undefined {
  const isRoot = parent === schema.getQueryType();
  if (name === TypeNameMetaFieldDef.name) return TypeNameMetaFieldDef;
  if (isRoot && name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
  if (isRoot && name === TypeMetaFieldDef.name) return TypeMetaFieldDef;
  return isObjectType(parent) ? parent.getFields()[name] : undefined;
}

/** A field in which counting stopped. */
function uncounted(
  parent: GraphQLObjectType,
  name: string,
  [node]: readonly FieldNode[],
  cost: number,
): PricedField {
  const coordinate = `${parent.name}.${node?.name.value ?? ""}`;
  return { name, coordinate, cost, times: once, selection: EMPTY };
}

function once(): number {
  return 1;
}

function sumOf(fields: readonly PricedField[]): number {
  return fields.reduce((sum, { cost }) => sum + cost, 0);
}
