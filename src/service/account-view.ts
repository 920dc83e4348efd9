import { resellerLineage } from "../domain/reseller.js";
import type { Lineage } from "../store/store.js";

/** An account as a caller sees it, with those of its ancestors that the caller may access: the nearest ones. */
export class AccountView {
  /** @param accessible how many accounts of the lineage the caller may access, from the account itself up; at least one */
  constructor(
    readonly lineage: Lineage,
    readonly accessible: number,
  ) {}

  get id(): string {
    return this.lineage[0].id;
  }

  get name(): string {
    return this.lineage[0].name;
  }

  get isReseller(): boolean {
    return this.lineage[0].isReseller;
  }

  /** Undefined for the root, and where the caller may not access it. */
  get parent(): AccountView | undefined {
    return this.#above(1);
  }

  /** The account whose document is this account's RESELLER layer; undefined as `parent` is. */
  get reseller(): AccountView | undefined {
    const reseller = resellerLineage(this.lineage);
    return reseller && this.#above(this.lineage.length - reseller.length);
  }

  /** The account itself or one of its ancestors; undefined where there is none that the caller may access. */
  find(accountId: string): AccountView | undefined {
    const steps = this.lineage.findIndex(({ id }) => id === accountId);
    return steps < 0 ? undefined : this.#above(steps);
  }

  #above(steps: number): AccountView | undefined {
    const [account, ...ancestors] = this.lineage.slice(steps);
    return account === undefined || steps >= this.accessible
      ? undefined
      : new AccountView([account, ...ancestors], this.accessible - steps);
  }
}
