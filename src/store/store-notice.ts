/** A message for the operator. */
export interface StoreNotice {
  readonly level: "info" | "warn" | "error";
  readonly message: string;
}
