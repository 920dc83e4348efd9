import {
  type DocumentNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  type SelectionSetNode,
} from "graphql";
import { LRUCache } from "lru-cache";
import type { StrataError } from "../domain/errors.js";
import { planAnswer, type WriteAnswer } from "./answer-plan.js";
import { QUICK_CHARACTERS } from "./answer-size.js";
import type { RequestContext } from "./context.js";
import { sizeOf } from "./document-store.js";
import type { OperationCost } from "./operation-cost.js";
import { checkVariables } from "./variables.js";

/** What is asked so often is asked again; a plan costs as much as an execution. */
const PLAN_AT = 3;
/** Selections, fragments spelled out: while they are planned nobody else has a turn. */
const LARGEST = 250;
/** Bytes of all queries of which a plan, or a count, is kept, and of one of them. */
const BYTES = 16 * 2 ** 20;
const BYTES_EACH = 2 ** 20;
/** What a plan takes for each byte of its query's document, as far as that can be told. */
const PLAN_SHARE = 2;

/** An operation that has passed every check which does not depend on the variables. */
export interface CheckedOperation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly cost: OperationCost;
  /** What metrics call it. */
  readonly label: string;
  /** Whether its answers may be kept. */
  readonly isKept: boolean;
}

/** A query that has come before: how often, and the plan once there is one; null: there is none for it. */
interface Known extends CheckedOperation {
  count: number;
  write: WriteAnswer | null | undefined;
}

/** As a client sends it; anything beside it is not for here. */
interface Asked {
  readonly query: string;
  readonly operationName?: string | null;
  readonly variables?: Readonly<Record<string, unknown>> | null;
}

/**
 * Queries that come again are answered by a plan made for each of them, past everything that was found out the first
 * times: parsing, validation, cost. Only answers without errors are made here. Whatever is not in order goes the whole
 * way, so that errors are the same whoever executes; queries write nothing, so nothing happens twice.
 */
export class PlannedQueries {
  readonly #known = new LRUCache<string, Known>({
    maxSize: BYTES,
    maxEntrySize: BYTES_EACH,
    sizeCalculation: ({ document }, name) => 2 * name.length + PLAN_SHARE * sizeOf(document),
  });

  constructor(private readonly planAt = PLAN_AT) {}

  /** The operation has been executed the whole way, and without an error. */
  learn(query: string, operationName: string | null | undefined, checked: CheckedOperation): void {
    if (checked.operation.operation !== OperationTypeNode.QUERY || !checked.cost.isConstant) return;
    const name = nameOf(query, operationName);
    const before = this.#known.get(name);
    const known: Known = before ?? { ...checked, count: 0, write: undefined };
    known.count++;
    if (known.write === undefined && known.count >= this.planAt) known.write = plan(known);
    if (before === undefined) this.#known.set(name, known);
  }

  /** The operation that a body asks for, if there is a plan for it. */
  find(body: unknown): { readonly known: CheckedOperation; readonly run: Run } | undefined {
    if (!isAsked(body)) return undefined;
    const known = this.#known.get(nameOf(body.query, body.operationName));
    const write = known?.write;
    if (known === undefined || !write) return undefined;
    const variables = body.variables ?? {};
    return { known, run: (context) => execute(known, write, variables, context) };
  }
}

/**
 * Resolves to the answer's JSON text; undefined: not without errors, or not at once.
 * @throws StrataError STORE_UNAVAILABLE: to wait for the store once more would take as long again
 */
export type Run = (context: RequestContext) => Promise<string | undefined>;

async function execute(
  { schema, document, operation, cost }: CheckedOperation,
  write: WriteAnswer,
  variables: Readonly<Record<string, unknown>>,
  context: RequestContext,
): Promise<string | undefined> {
  try {
    checkVariables(schema, document, operation, variables);
    context.work.cost = cost;
    context.work.inOneTurn = true;
    const text = await write(context, variables);
    return text.length > QUICK_CHARACTERS ? undefined : text;
  } catch (error) {
    if ((error as Partial<StrataError>).code === "STORE_UNAVAILABLE") throw error;
    return undefined;
  }
}

function plan({ schema, document, operation }: CheckedOperation): WriteAnswer | null {
  if (countSelections(document, operation) > LARGEST) return null;
  try {
    return planAnswer(schema, document, operation) ?? null;
  } catch {
    // Where no code may be made of text, all goes the whole way.
    return null;
  }
}

/** Fragments within fragments can multiply without end: nobody counts further than it takes to say no. */
function countSelections({ definitions }: DocumentNode, { selectionSet }: OperationDefinitionNode): number {
  const fragments = new Map(
    definitions.flatMap((each) =>
      each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each.selectionSet] as const] : [],
    ),
  );
  let count = 0;
  const walk = (set: SelectionSetNode | undefined): void => {
    for (const selection of set?.selections ?? []) {
      if (++count > LARGEST) return;
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

function isAsked(body: unknown): body is Asked {
  if (typeof body !== "object" || body === null) return false;
  const { query, operationName, variables, ...rest } = body as Record<string, unknown>;
  return (
    typeof query === "string" &&
    (operationName === undefined || operationName === null || typeof operationName === "string") &&
    (variables === undefined || (typeof variables === "object" && !Array.isArray(variables))) &&
    Object.keys(rest).length === 0
  );
}

/** Whatever is in either of them, no other pair has the same name. */
function nameOf(query: string, operationName: string | null | undefined): string {
  const named = operationName ?? undefined;
  return `${named === undefined ? "" : `${named.length} ${named}`}\n${query}`;
}
