import { isEmpty, isObject, type JsonObject, selectMembers } from "./json.js";
import { type Field, merge } from "./merge.js";

/** Documents as one, highest precedence first. All of it is worked out when it is first asked for. */
export class Merged {
  #values: JsonObject | undefined;
  #fingerprint: string | undefined;
  /** Whether some member of a document may contribute to no field; known once the values are. */
  #isCovered = false;
  readonly #onCovered = (): void => {
    this.#isCovered = true;
  };
  #fields: ReadonlyMap<string, Field> | undefined;

  constructor(private readonly documents: readonly (JsonObject | undefined)[]) {}

  get values(): JsonObject {
    this.#values ??= merge(this.documents, { onCovered: this.#onCovered });
    return this.#values;
  }

  /** Every leaf by its pointer, in merge order; comes out of the same walk as the values. */
  get fields(): ReadonlyMap<string, Field> {
    if (this.#fields === undefined) {
      const fields = new Map<string, Field>();
      this.#values = merge(this.documents, {
        onField: (field) => fields.set(field.pointer, field),
        onCovered: this.#onCovered,
      });
      this.#fields = fields;
    }
    return this.#fields;
  }

  /**
   * One text for what every document contributes to the fields.
   * @param digest stands for what one document, by its place, contributes; always the same function
   */
  fingerprint(digest: (contribution: JsonObject | undefined, place: number) => string): string {
    this.#fingerprint ??= this.contributions().map(digest).join(" ");
    return this.#fingerprint;
  }

  /** What each document contributes to the fields; the document itself where all of it does. */
  contributions(): readonly (JsonObject | undefined)[] {
    const { values } = this;
    if (!this.#isCovered) return this.documents;
    return this.documents.map((document) => document && contributing(document, values));
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
