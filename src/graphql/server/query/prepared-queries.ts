import {
  type DocumentNode,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  type SelectionSetNode,
} from "graphql";
import { LRUCache } from "lru-cache";
import type { OperationNotes } from "../../../http/request-notes.js";
import { operationNotes } from "../operation-notes.js";
import { type CompiledPlan, compilePlan } from "../plan/compiled-plan.js";
import { SharedTexts } from "../plan/shared-texts.js";
import type { OperationCost } from "../price/operation-cost.js";
import { operationLabel } from "../request-labels.js";
import { bareHash, checkHash, type QueryName } from "./query-name.js";
import { persistedQueryNotFound } from "./query-refusal.js";
import { checkQueryText } from "./query-text.js";
import { checkSubscriptionRoot } from "./subscription-root.js";

/** A query is compiled on its third execution, and a subscription when the third begins: compiling costs as much as an execution. */
const COMPILE_AT = 3;
/** Selections, fragments spelled out: compiling more would hold the event loop. */
const MOST_SELECTIONS = 250;
/** Bytes of all prepared queries, as far as they can be told. */
const BYTES = 32 * 2 ** 20;
/** Bytes of a parsed query and its plan for each character of the JSON text of its AST. */
const BYTES_PER_CHARACTER = 12;
/** What it takes to find a query by its hash. */
const BYTES_PER_HASH = 256;

/** What metrics and the log say of an operation. */
export interface OperationAbout {
  /** Its label in metrics. */
  readonly label: string;
  readonly notes: OperationNotes;
}

/** One operation of a query that has passed every check which does not depend on the variables. */
export interface PreparedOperation {
  readonly about: OperationAbout;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  /** Once it is known, where it is the same whatever the variables. */
  cost: OperationCost | undefined;
  /** How often it was executed without an error. */
  executions: number;
  /** Undefined: not yet; null: there can be none. */
  plan: CompiledPlan | null | undefined;
}

/** A query's text and what was found out about it. */
export interface PreparedQuery {
  readonly text: string;
  /** Undefined until it is parsed and found valid. */
  document: DocumentNode | undefined;
  /** The SHA-256 of the text, once a client has named it: from then on it is found by that alone. */
  hash: string | undefined;
  readonly operations: Map<OperationDefinitionNode, PreparedOperation>;
}

/**
 * Everything that is found out about a query once, by its text: that it keeps to the limits, its document (parsed, and
 * valid), the price of its operations and their compiled plans.
 */
export class PreparedQueries {
  readonly #queries = new LRUCache<string, PreparedQuery>({
    maxSize: BYTES,
    sizeCalculation: sizeOf,
    dispose: ({ hash }) => {
      if (hash !== undefined) this.#texts.delete(hash);
    },
  });
  /** Of the queries above, those that can be named by a hash. */
  readonly #texts = new Map<string, string>();
  readonly #shared = new SharedTexts();

  /** @param compileAt the number of executions at which an operation is compiled; absent: the one that pays */
  constructor(
    private readonly schema: GraphQLSchema,
    private readonly compileAt = COMPILE_AT,
  ) {}

  /**
   * @throws StrataError QUERY_TOO_COMPLEX when the text alone is over a limit; QueryRefusal for a subscription of which graphql-js
   * cannot tell the root field
   */
  prepare(text: string): PreparedQuery {
    const known = this.#queries.get(text);
    if (known !== undefined) return known;
    checkQueryText(text);
    checkSubscriptionRoot(text);
    return { text, document: undefined, hash: undefined, operations: new Map() };
  }

  /**
   * The query that a request means.
   * @returns undefined where it names none
   * @throws StrataError as `prepare`, and BAD_USER_INPUT for a hash that is not the text's; QueryRefusal for a hash to which there is
   * no text, or none any more
   */
  find({ text, hash }: QueryName): PreparedQuery | undefined {
    if (text === undefined) return hash === undefined ? undefined : this.#named(bareHash(hash));
    const query = this.prepare(text);
    if (hash !== undefined) this.#name(query, bareHash(hash));
    return query;
  }

  #named(hash: string): PreparedQuery {
    const text = this.#texts.get(hash);
    const query = text === undefined ? undefined : this.#queries.get(text);
    if (query === undefined) throw persistedQueryNotFound();
    return query;
  }

  #name(query: PreparedQuery, hash: string): void {
    if (query.hash === hash) return;
    checkHash(hash, query.text);
    query.hash = hash;
    this.#remember(query);
  }

  /** Only a query that is kept is found by its hash: both go at one time. */
  #remember(query: PreparedQuery): void {
    const { text, hash, document } = query;
    if (hash === undefined || this.#queries.peek(text) !== query) return;
    if (document !== undefined && this.#hasRoots(document)) this.#texts.set(hash, text);
  }

  /** Keeps a query once its text is parsed and found valid. */
  keep(query: PreparedQuery, document: DocumentNode): void {
    if (query.document !== undefined) return;
    query.document = document;
    this.#queries.set(query.text, query);
    this.#remember(query);
  }

  /** GraphQL does not validate the fields of a kind of operation that the schema lacks. */
  #hasRoots({ definitions }: DocumentNode): boolean {
    return definitions.every(
      (each) => each.kind !== Kind.OPERATION_DEFINITION || this.schema.getRootType(each.operation),
    );
  }

  /** The operation of that name, or the only one; undefined where there is none, or the query is not known to be valid. */
  operation({ document, operations }: PreparedQuery, name?: string | null): PreparedOperation | undefined {
    const operation = document && getOperationAST(document, name);
    if (!document || !operation) return undefined;
    const known = operations.get(operation);
    if (known !== undefined) return known;
    const about = {
      label: operationLabel(this.schema, operation),
      notes: operationNotes(this.schema, document, operation),
    };
    const made = { document, operation, about, cost: undefined, executions: 0, plan: undefined };
    operations.set(operation, made);
    return made;
  }

  /**
   * Counts an execution without an error, or the beginning of a subscription, and compiles an operation that is executed often. What
   * one subscriber alone asks for is not compiled: it keeps its plan as long as it listens, whatever is forgotten here.
   */
  executed(prepared: PreparedOperation): void {
    if (prepared.operation.operation === OperationTypeNode.MUTATION || prepared.cost === undefined) return;
    prepared.executions++;
    if (prepared.plan === undefined && prepared.executions >= this.compileAt)
      prepared.plan = this.#compile(prepared);
  }

  #compile({ document, operation }: PreparedOperation): CompiledPlan | null {
    if (countSelections(document, operation) > MOST_SELECTIONS) return null;
    try {
      return compilePlan(this.schema, document, operation, this.#shared) ?? null;
    } catch {
      // `new Function` may be disabled: graphql-js executes everything then.
      return null;
    }
  }
}

/** Bytes of memory, about. The document keeps the text that it was made of, comments included. */
function sizeOf({ text, document }: PreparedQuery): number {
  return BYTES_PER_HASH + 4 * text.length + BYTES_PER_CHARACTER * JSON.stringify(document).length;
}

/** Fragments within fragments can multiply without end: counting stops as soon as there are too many. */
function countSelections({ definitions }: DocumentNode, { selectionSet }: OperationDefinitionNode): number {
  const fragments = new Map(
    definitions.flatMap((each) =>
      each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each.selectionSet] as const] : [],
    ),
  );
  let count = 0;
  const walk = (set: SelectionSetNode | undefined): void => {
    for (const selection of set?.selections ?? []) {
      if (++count > MOST_SELECTIONS) return;
      walk(
        selection.kind === Kind.FRAGMENT_SPREAD
          ? fragments.get(selection.name.value)
          : selection.selectionSet,
      );
    }
  };
  walk(selectionSet);
  return count;
}
