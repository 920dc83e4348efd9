import type { ImpactReport } from "../impact/impact-report.js";
import type { ReadLayers } from "./decided-write.js";

/** The impact of a write that is bound to it. As long as an attempt decides on the same as the one before, all accounts are looked at once. */
export class AgreedImpact {
  #basis = "";
  #report: ImpactReport | undefined;

  /** @param schemaDigest of the schemas that the attempt decides under */
  async of(
    { keys, versions, ancestry }: ReadLayers,
    schemaDigest: string,
    look: () => Promise<ImpactReport | undefined>,
  ): Promise<ImpactReport | undefined> {
    const basis = JSON.stringify([schemaDigest, ancestry?.tree, keys, versions]);
    const known = basis === this.#basis ? await this.#report?.refreshed() : undefined;
    this.#report = known ?? (await look());
    this.#basis = basis;
    return this.#report;
  }
}
