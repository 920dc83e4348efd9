/** A set that mostly has one member: without a table for it, for there are many such sets. */
export class SmallSet<T extends object> {
  #one: T | undefined;
  #more: Set<T> | undefined;

  get size(): number {
    return this.#more?.size ?? (this.#one === undefined ? 0 : 1);
  }

  has(member: T): boolean {
    return this.#more?.has(member) ?? this.#one === member;
  }

  add(member: T): void {
    if (this.has(member)) return;
    if (this.#more === undefined && this.#one === undefined) this.#one = member;
    else {
      this.#more ??= new Set(this.#one && [this.#one]);
      this.#more.add(member);
      this.#one = undefined;
    }
  }

  delete(member: T): void {
    if (this.#more !== undefined) this.#more.delete(member);
    else if (this.#one === member) this.#one = undefined;
  }

  clear(): void {
    this.#one = undefined;
    this.#more = undefined;
  }

  *[Symbol.iterator](): Iterator<T> {
    if (this.#more !== undefined) yield* this.#more;
    else if (this.#one !== undefined) yield this.#one;
  }
}
