/** Which members and items of one value some schema has judged: what `unevaluatedProperties` and `unevaluatedItems` ask. */
export class Evaluated {
  #allMembers = false;
  readonly #members = new Set<string>();
  /** Items before this one, and those of the set. */
  #itemsBelow = 0;
  readonly #items = new Set<number>();

  addMember(key: string): void {
    if (!this.#allMembers) this.#members.add(key);
  }

  addAllMembers(): void {
    this.#allMembers = true;
  }

  addItemsBelow(end: number): void {
    if (end > this.#itemsBelow) this.#itemsBelow = end;
  }

  addItem(index: number): void {
    if (index >= this.#itemsBelow) this.#items.add(index);
  }

  hasMember(key: string): boolean {
    return this.#allMembers || this.#members.has(key);
  }

  hasItem(index: number): boolean {
    return index < this.#itemsBelow || this.#items.has(index);
  }

  get size(): number {
    return this.#members.size + this.#items.size;
  }

  add(other: Evaluated): void {
    this.#allMembers ||= other.#allMembers;
    for (const key of other.#members) this.addMember(key);
    this.addItemsBelow(other.#itemsBelow);
    for (const index of other.#items) this.addItem(index);
  }
}
