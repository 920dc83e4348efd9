import { equals, type Json, type JsonObject } from "../json/json.js";

export const CONSTRAINT_KINDS = ["LOCK", "BOUNDS"] as const;
export type ConstraintKind = (typeof CONSTRAINT_KINDS)[number];

/** What a document says to the layers above it about what is at a pointer (R17). */
export interface Constraint {
  readonly pointer: string;
  /** LOCK: they have no say there. BOUNDS: they may say what the schema accepts. */
  readonly kind: ConstraintKind;
  /** Of BOUNDS. */
  readonly schema?: JsonObject;
  /** For whoever meets it. */
  readonly reason: string;
}

/** How many constraints one document may have. */
export const CONSTRAINTS_LIMIT = 200;
/** UTF-8 bytes of the JSON text of one BOUNDS schema. */
export const CONSTRAINT_SCHEMA_BYTES = 4 * 1024;

/** Characters of all patterns in one document's constraints, once their counts are written out. */
export const CONSTRAINT_PATTERNS_SIZE = 2_000;

/** Work that judging the bounds of one document may still take: whoever judges takes something off. */
export interface JudgingBudget {
  left: number;
}
/** Steps of the schema engine, for all bounds of one document. What is not judged by then counts as rejected. */
export const BOUNDS_STEPS = 100_000;

/** A constraint with its schema compiled. */
export interface BindingConstraint extends Constraint {
  /** Of BOUNDS: whether the schema rejects a value. */
  readonly rejects?: (value: Json, budget: JudgingBudget) => boolean;
}

/** Ordered by pointer, so that one set of constraints is one list. */
export function inOrder(constraints: Iterable<Constraint>): Constraint[] {
  return [...constraints].sort((a, b) => (a.pointer < b.pointer ? -1 : a.pointer > b.pointer ? 1 : 0));
}

export function sameConstraint(a: Constraint | undefined, b: Constraint | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const isSamePlace = a.pointer === b.pointer && a.kind === b.kind && a.reason === b.reason;
  return isSamePlace && equals(a.schema, b.schema);
}

/** Whether two ordered lists say the same. */
export function sameConstraints(a: readonly Constraint[] = [], b: readonly Constraint[] = []): boolean {
  return a.length === b.length && a.every((constraint, index) => sameConstraint(constraint, b[index]));
}

/** A document's constraints after some were removed and others put, one at each pointer, in order. */
export function constraintsAfter(
  before: readonly Constraint[],
  { set, remove }: { readonly set: readonly Constraint[]; readonly remove: readonly string[] },
): Constraint[] {
  const byPointer = new Map(before.map((constraint) => [constraint.pointer, constraint]));
  for (const pointer of remove) byPointer.delete(pointer);
  for (const constraint of set) byPointer.set(constraint.pointer, constraint);
  return inOrder(byPointer.values());
}
