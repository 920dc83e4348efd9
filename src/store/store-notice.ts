/** Something that whoever runs Strata should hear of. */
export interface StoreNotice {
  readonly level: "info" | "warn" | "error";
  readonly message: string;
}
