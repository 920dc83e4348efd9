import { isEmpty, isObject, type JsonObject, selectMembers } from "../json/json.js";
import type { BindingConstraint } from "./constraint.js";
import { ConstraintTree, type ExcludedLeaf } from "./constraint-tree.js";
import { type FieldTree, fieldsOver, NO_FIELDS } from "./field-tree.js";
import { mergeOver } from "./merge.js";

/** What one document, by its place (0 is the highest), contributes, as text: always the same function. */
type ContributionDigest = (contribution: JsonObject | undefined, place: number) => string;

/** An override that a constraint keeps out of force (R17): a leaf of the document at a place counted from the lowest, which is 0. */
export interface DormantLeaf extends ExcludedLeaf {
  readonly layer: number;
}

/**
 * Documents as one: a document over others that are one already, so that whatever lies over the same shares what is known of
 * it. Of each document counts what the constraints of those below it admit. All of it is worked out when it is first asked for.
 */
export class Merged {
  #document: JsonObject | undefined;
  #dormant: readonly DormantLeaf[] | undefined;
  #values: JsonObject | undefined;
  #fields: FieldTree | undefined;
  #documents: readonly (JsonObject | undefined)[] | undefined;
  #fingerprint: string | undefined;
  #inheritedFingerprint: string | undefined;
  /** Whether some member of the document, or below it, may contribute to no field; known once the values are. */
  #isCovered = false;
  readonly #onCovered = (): void => {
    this.#isCovered = true;
  };

  /** All constraints that bind whatever lies over this; undefined: none do. */
  readonly constraints: ConstraintTree | undefined;
  readonly #layer: number;

  private constructor(
    /** With what constraints keep out of force. */
    private readonly given: JsonObject | undefined,
    /** Undefined: nothing. */
    private readonly below: Merged | undefined,
    constraints?: readonly BindingConstraint[],
  ) {
    this.#layer = below === undefined ? 0 : below.#layer + 1;
    this.constraints = ConstraintTree.over(below?.constraints, constraints, this.#layer);
  }

  /** @param documents highest precedence first */
  static of(documents: readonly (JsonObject | undefined)[]): Merged {
    const lowest = new Merged(documents.at(-1), undefined);
    return documents.slice(0, -1).reduceRight<Merged>((below, document) => below.under(document), lowest);
  }

  /** With one more document, over all of these, and with the constraints that it has for those above it. */
  under(document: JsonObject | undefined, constraints?: readonly BindingConstraint[]): Merged {
    return new Merged(document, this, constraints);
  }

  /** Without the highest document. */
  get rest(): Merged {
    return this.below ?? new Merged(undefined, undefined);
  }

  /** The constraints that bind the highest document; undefined: none do. */
  get binding(): ConstraintTree | undefined {
    return this.below?.constraints;
  }

  /** What constraints keep out of force, of the highest document first. */
  get dormant(): readonly DormantLeaf[] {
    this.#dormant ??= [...this.#excluded(), ...(this.below?.dormant ?? [])];
    return this.#dormant;
  }

  #excluded(): DormantLeaf[] {
    if (this.given === undefined || this.document === this.given) return [];
    const leaves = this.binding?.excludedLeaves(this.given) ?? [];
    return leaves.map((leaf) => ({ layer: this.#layer, ...leaf }));
  }

  /** What is admitted of the highest document: the same object where all of it is. */
  private get document(): JsonObject | undefined {
    if (this.given === undefined || this.binding === undefined) return this.given;
    this.#document ??= this.binding.admittedPart(this.given);
    return this.#document;
  }

  get values(): JsonObject {
    this.#values ??= this.#merge();
    return this.#values;
  }

  /** The fields of the values, with what each document has there. */
  get fields(): FieldTree {
    this.#fields ??= fieldsOver(this.documents, this.below?.fields ?? NO_FIELDS);
    return this.#fields;
  }

  /** What is admitted of each document, highest precedence first. */
  get documents(): readonly (JsonObject | undefined)[] {
    this.#documents ??= [this.document, ...(this.below?.documents ?? [])];
    return this.#documents;
  }

  /** One text for what every document contributes to the fields. */
  fingerprint(digest: ContributionDigest): string {
    this.#fingerprint ??=
      this.#hasCovered() || this.below === undefined
        ? this.contributions().map(digest).join(" ")
        : `${digest(this.document, 0)} ${this.below.#inherited(digest)}`;
    return this.#fingerprint;
  }

  /** What each document contributes to the fields; the document itself where all of it does. */
  contributions(): readonly (JsonObject | undefined)[] {
    if (!this.#hasCovered()) return this.documents;
    const { values } = this;
    return this.documents.map((document) => document && contributing(document, values));
  }

  #merge(): JsonObject {
    const { document, below } = this;
    if (document === undefined || below === undefined) return document ?? below?.values ?? {};
    return mergeOver(document, below.values, this.#onCovered);
  }

  #hasCovered(): boolean {
    this.#values ??= this.#merge();
    if (this.#isCovered || this.below === undefined) return this.#isCovered;
    return this.below.#hasCovered();
  }

  /** As long as all of it contributes: the digests of what lies below another document. */
  #inherited(digest: ContributionDigest): string {
    this.#inheritedFingerprint ??= this.documents.map((document) => digest(document, 1)).join(" ");
    return this.#inheritedFingerprint;
  }
}

/**
 * The part of a document that contributes to a field. The rest is covered: empty objects where an object with members is
 * in force, and members that no layer above a covering value has.
 */
function contributing(document: JsonObject, effective: JsonObject): JsonObject {
  return selectMembers(document, (key, value) => {
    if (!Object.hasOwn(effective, key)) return undefined;
    const inForce = effective[key];
    // Where something else is in force, the layer's value is shadowed whole: all of it is a contribution.
    if (!isObject(value) || !isObject(inForce) || isEmpty(inForce)) return value;
    const inner = contributing(value, inForce);
    return isEmpty(inner) ? undefined : inner;
  });
}
