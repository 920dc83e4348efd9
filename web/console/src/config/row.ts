import type { LayerKind } from "../api/operations.generated.js";
import { isUnder } from "../pointer.js";
import type { ConfigField, ConfigView } from "./config-source.js";
import { type Constraint, constraintAt } from "./constraint.js";

export type Problem = ConfigView["problems"][number];

export type Dormant = ConfigView["dormant"][number];

/** What comes into force when the own override goes. */
export interface Inherited {
  readonly value: unknown;
  readonly source: LayerKind;
}

/** One line of a config's screen. */
export interface Row {
  readonly pointer: string;
  /** Undefined: nothing is there, but something is said about it: a problem, or an edit. */
  readonly field: ConfigField | undefined;
  readonly problems: readonly Problem[];
  /** Null: nothing would be left. Undefined: there is no own override. */
  readonly inherited: Inherited | null | undefined;
  /** What binds this place's document here. */
  readonly constraint: Constraint | null;
  /** What this place's document says here to the layers above it. */
  readonly insists: Constraint | undefined;
  /** What this place's document says here, and a constraint keeps out of force. */
  readonly dormant: Dormant | undefined;
  /** In small letters: pointer, title and value. */
  readonly text: string;
}

/** The rows of a config: what is said of it as a whole, its fields in document order, then places where something is missing. */
export function rowsOf(view: ConfigView, extraPointers: readonly string[] = []): Row[] {
  const problems = problemsByField(view.fields, view.problems);
  const inherited = inheritedOf(view);
  const dormant = ownDormant(view);
  const insists = new Map(view.layers[0]?.constraints.map((constraint) => [constraint.pointer, constraint]));
  const rows: Row[] = view.fields.map((field) => ({
    pointer: field.pointer,
    field,
    constraint: field.constraint,
    insists: insists.get(field.pointer),
    dormant: dormant.get(field.pointer),
    problems: problems.get(field.pointer) ?? [],
    inherited: inherited.get(field.pointer),
    text: `${field.pointer} ${field.title ?? ""} ${textOf(field.value)}`.toLowerCase(),
  }));
  const known = new Set(view.fields.map(({ pointer }) => pointer));
  for (const pointer of new Set([
    ...problems.keys(),
    ...dormant.keys(),
    ...insists.keys(),
    ...view.constraints.map((constraint) => constraint.pointer),
    ...extraPointers,
  ])) {
    if (known.has(pointer)) continue;
    const text = pointer === "" ? WHOLE_CONFIG : pointer.toLowerCase();
    const row: Row = {
      pointer,
      field: undefined,
      constraint: constraintAt(view.constraints, pointer),
      insists: insists.get(pointer),
      dormant: dormant.get(pointer),
      problems: problems.get(pointer) ?? [],
      inherited: undefined,
      text,
    };
    // What binds every row comes before them.
    if (pointer === "") rows.unshift(row);
    else rows.push(row);
  }
  return rows;
}

/** What a place without a name is called. */
export const WHOLE_CONFIG = "the whole config";

function ownDormant({ dormant, layers }: ConfigView): Map<string, Dormant> {
  const own = layers[0]?.kind;
  return new Map(dormant.filter(({ layer }) => layer.kind === own).map((one) => [one.pointer, one]));
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** A problem within an array belongs to the array's field; one where nothing is has a row of its own. */
export function problemsByField(
  fields: readonly { readonly pointer: string }[],
  problems: readonly Problem[],
): Map<string, Problem[]> {
  const found = new Map<string, Problem[]>();
  if (problems.length === 0) return found;
  const pointers = new Set(fields.map(({ pointer }) => pointer));
  for (const problem of problems) {
    const at = nearest(problem.pointer, pointers);
    found.set(at, [...(found.get(at) ?? []), problem]);
  }
  return found;
}

function nearest(pointer: string, fields: ReadonlySet<string>): string {
  for (let at = pointer; at !== ""; at = at.slice(0, at.lastIndexOf("/"))) if (fields.has(at)) return at;
  return pointer;
}

function inheritedOf({ own }: ConfigView): Map<string, Inherited | null> {
  return new Map(
    own.map(({ pointer, contributions }) => {
      // An ancestor's scalar comes back as that ancestor, not here.
      const next = contributions.slice(1).find((below) => isUnder(pointer, below.pointer));
      const isHere = next !== undefined && next.pointer === pointer;
      return [pointer, isHere ? { value: next.value, source: next.layer.kind } : null];
    }),
  );
}
