import { isEmpty, isObject, type Json, type JsonObject, selectMembers } from "../json/json.js";
import { appendToken, tokensOf } from "../json/pointer.js";
import { type BindingConstraint, BOUNDS_STEPS, type JudgingBudget } from "./constraint.js";

/** A constraint of one layer, as it binds the layers above. */
export interface Binding {
  readonly constraint: BindingConstraint;
  /** The layer's place among those that are merged, counted from the lowest, which is 0. */
  readonly layer: number;
}

/** A leaf of a document that a constraint keeps out of force, with the constraint that decides so. */
export interface ExcludedLeaf {
  readonly pointer: string;
  readonly value: Json;
  readonly binding: Binding;
}

/** A place that constraints are about, or lie below. */
interface Place {
  readonly bindings: Binding[];
  readonly members: Map<string, Place>;
  /** The members once more, as lists: most documents are walked through them. */
  readonly keys: string[];
  readonly places: Place[];
}

/** Bindings that have been judged to exclude what stands at their pointer. */
type Rejecting = ReadonlySet<Binding>;
const NONE: Rejecting = new Set();

/** A document's constraints are the same list as long as it is the same document: their tree is made once. */
const made = new WeakMap<
  readonly BindingConstraint[],
  { readonly below: ConstraintTree | undefined; readonly layer: number; readonly tree: ConstraintTree }
>();

/** All constraints that bind one layer (R17), by place. */
export class ConstraintTree {
  /** Those of the nearest layer first, the others as they were given. */
  readonly bindings: readonly Binding[];
  readonly #root: Place = emptyPlace();
  readonly #hasBounds: boolean;

  private constructor(bindings: readonly Binding[]) {
    this.bindings = bindings;
    for (const binding of bindings)
      placeAt(this.#root, tokensOf(binding.constraint.pointer)).bindings.push(binding);
    this.#hasBounds = bindings.some(({ constraint }) => constraint.kind === "BOUNDS");
  }

  /** The constraints of one more layer, with those of the layers below it; undefined: there are none. */
  static over(
    below: ConstraintTree | undefined,
    constraints: readonly BindingConstraint[] | undefined,
    layer: number,
  ): ConstraintTree | undefined {
    if (constraints === undefined || constraints.length === 0) return below;
    const known = made.get(constraints);
    if (known !== undefined && known.below === below && known.layer === layer) return known.tree;
    const own = constraints.map((constraint): Binding => ({ constraint, layer }));
    const tree = new ConstraintTree([...own, ...(below?.bindings ?? [])]);
    made.set(constraints, { below, layer, tree });
    return tree;
  }

  /**
   * The part of a document that the constraints let into force: the document itself where that is all of it. An object
   * that loses all its members goes with the last one.
   */
  admittedPart(document: JsonObject): JsonObject {
    if (isEmpty(document) || admitsAll(document, this.#root, { left: BOUNDS_STEPS })) return document;
    const rejecting = this.#rejecting(document);
    if (isExcludedAt(this.#root, rejecting)) return {};
    return admittedMembers(document, this.#root, rejecting);
  }

  /** The leaves of a document that are not in its admitted part, in document order. */
  excludedLeaves(document: JsonObject): ExcludedLeaf[] {
    const leaves: ExcludedLeaf[] = [];
    if (!isEmpty(document)) {
      const walk = { rejecting: this.#rejecting(document), leaves };
      collectMembers(document, this.#root, strictest(excludingAt(this.#root, walk.rejecting)), "", walk);
    }
    return leaves;
  }

  /**
   * The constraint that decides what the bound layer may have at a field: of those at the pointer, above it, or below it
   * (there the layer may have no non-object) the strictest.
   */
  at(tokens: readonly string[]): Binding | undefined {
    let place: Place | undefined = this.#root;
    const found = [...place.bindings];
    for (const token of tokens) {
      place = place.members.get(token);
      if (place === undefined) break;
      found.push(...place.bindings);
    }
    if (place !== undefined) found.push(...bindingsBelow(place));
    return strictest(found);
  }

  /** Judges each of the bounds on the document as it is, one after the other, as long as the budget lasts. */
  #rejecting(document: JsonObject): Rejecting {
    if (!this.#hasBounds) return NONE;
    const rejecting = new Set<Binding>();
    judge(document, this.#root, { left: BOUNDS_STEPS }, rejecting);
    return rejecting;
  }
}

function emptyPlace(): Place {
  return { bindings: [], members: new Map(), keys: [], places: [] };
}

function placeAt(root: Place, tokens: readonly string[]): Place {
  let place = root;
  for (const token of tokens) {
    let next = place.members.get(token);
    if (next === undefined) {
      next = emptyPlace();
      place.members.set(token, next);
      place.keys.push(token);
      place.places.push(next);
    }
    place = next;
  }
  return place;
}

/** Whether no constraint excludes anything: so it is with most documents, and one walk tells. */
function admitsAll(value: Json, { bindings, keys, places }: Place, budget: JudgingBudget): boolean {
  for (const { constraint } of bindings)
    if (constraint.kind === "LOCK" || constraint.rejects?.(value, budget) !== false) return false;
  if (keys.length === 0) return true;
  if (!isObject(value)) return false;
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index] as string;
    if (Object.hasOwn(value, key) && !admitsAll(value[key] as Json, places[index] as Place, budget))
      return false;
  }
  return true;
}

function judge(
  value: Json,
  { bindings, members }: Place,
  budget: JudgingBudget,
  rejecting: Set<Binding>,
): void {
  for (const binding of bindings) {
    const { kind, rejects } = binding.constraint;
    if (kind === "BOUNDS" && rejects?.(value, budget) !== false) rejecting.add(binding);
  }
  if (members.size === 0 || !isObject(value)) return;
  for (const [key, place] of members)
    if (Object.hasOwn(value, key)) judge(value[key] as Json, place, budget, rejecting);
}

function excludes({ constraint }: Binding, isRejecting: boolean): boolean {
  return constraint.kind === "LOCK" || isRejecting;
}

function isExcludedAt({ bindings }: Place, rejecting: Rejecting): boolean {
  return bindings.some((binding) => excludes(binding, rejecting.has(binding)));
}

function excludingAt(place: Place | undefined, rejecting: Rejecting): Binding[] {
  return place?.bindings.filter((binding) => excludes(binding, rejecting.has(binding))) ?? [];
}

/** Goes where constraints are, not where members are: a document may have thousands of those. */
function admittedMembers(object: JsonObject, { members }: Place, rejecting: Rejecting): JsonObject {
  let changed: Map<string, Json | undefined> | undefined;
  for (const [key, place] of members) {
    if (!Object.hasOwn(object, key)) continue;
    const value = object[key] as Json;
    const admitted = admittedValue(value, place, rejecting);
    if (admitted !== value) changed = (changed ?? new Map()).set(key, admitted);
  }
  if (changed === undefined) return object;
  const parts = changed;
  return selectMembers(object, (key, value) => (parts.has(key) ? parts.get(key) : value));
}

function admittedValue(value: Json, place: Place, rejecting: Rejecting): Json | undefined {
  if (isExcludedAt(place, rejecting)) return undefined;
  if (place.members.size === 0) return value;
  // A constraint lies below: it excludes a non-object here.
  if (!isObject(value)) return undefined;
  const part = admittedMembers(value, place, rejecting);
  return part !== value && isEmpty(part) ? undefined : part;
}

interface LeafWalk {
  readonly rejecting: Rejecting;
  readonly leaves: ExcludedLeaf[];
}

/** @param above the strictest of the constraints, at this place or above it, that exclude what is here */
function collectMembers(
  object: JsonObject,
  place: Place | undefined,
  above: Binding | undefined,
  pointer: string,
  walk: LeafWalk,
): void {
  for (const key of Object.keys(object)) {
    const value = object[key] as Json;
    const inner = place?.members.get(key);
    // Without a constraint above, nothing is excluded where no constraint is.
    if (above === undefined && inner === undefined) continue;
    const at = appendToken(pointer, key);
    const deciding = strictest([...(above ? [above] : []), ...excludingAt(inner, walk.rejecting)]);
    if (isObject(value) && !isEmpty(value)) {
      collectMembers(value, inner, deciding, at, walk);
      continue;
    }
    const below = inner === undefined || isObject(value) ? [] : bindingsBelow(inner);
    const binding = strictest([...(deciding ? [deciding] : []), ...below]);
    if (binding !== undefined) walk.leaves.push({ pointer: at, value, binding });
  }
}

function* bindingsBelow({ members }: Place): Generator<Binding> {
  for (const place of members.values()) {
    yield* place.bindings;
    yield* bindingsBelow(place);
  }
}

/** LOCK before BOUNDS, then the nearest layer, then the shortest pointer. */
function strictest(bindings: Iterable<Binding>): Binding | undefined {
  let found: Binding | undefined;
  for (const binding of bindings) if (found === undefined || isStricter(binding, found)) found = binding;
  return found;
}

function isStricter(a: Binding, b: Binding): boolean {
  if (a.constraint.kind !== b.constraint.kind) return a.constraint.kind === "LOCK";
  if (a.layer !== b.layer) return a.layer > b.layer;
  const [left, right] = [a.constraint.pointer, b.constraint.pointer];
  return left.length !== right.length ? left.length < right.length : left < right;
}

/** Whether a binding judges what is at a pointer together with what is beside it. */
export function bindsAbove({ constraint: { kind, pointer: at } }: Binding, pointer: string): boolean {
  return kind === "BOUNDS" && pointer.startsWith(`${at}/`);
}
