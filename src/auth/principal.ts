/** Who is calling. */
export interface Principal {
  /** Names the caller in history and in `updatedBy`. */
  readonly subject: string;
}

/** Without access control everybody is this one; the server then listens on loopback only. */
export const OPEN_PRINCIPAL: Principal = { subject: "anonymous" };
