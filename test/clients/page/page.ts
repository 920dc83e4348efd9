/** What the address of the page says after `#`. */
export interface Page {
  /** Of Strata. */
  readonly url: string;
  readonly token: string;
  /** Whose config is shown. */
  readonly accountId: string;
}

export const CONFIG_ID = "conferences";
/** What the button writes. */
export const PATCH = { pin_timeout: 9000 };
