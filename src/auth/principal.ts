/** Who is calling, and how far that goes. */
export interface Principal {
  /** Names the caller in history and in `updatedBy`. */
  readonly subject: string;
  /** The account that the caller acts for; undefined: none. */
  readonly accountId: string | undefined;
  readonly isSuperadmin: boolean;
  readonly scopes: ReadonlySet<Scope>;
  /** When the token was issued, in seconds since the epoch; undefined: there is none. */
  readonly issuedAt: number | undefined;
  /** When the token ends, in seconds since the epoch; absent: never. Streams of the caller end with it. */
  readonly expiresAt?: number;
}

export const SCOPES = ["config:read", "config:write"] as const;
export type Scope = (typeof SCOPES)[number];

/** A caller without a token, where tokens are required. */
export const NOBODY: Principal = {
  subject: "nobody",
  accountId: undefined,
  isSuperadmin: false,
  scopes: new Set(),
  issuedAt: undefined,
};

/** Without access control everybody is this one; the server then listens on loopback only. */
export const OPEN_PRINCIPAL: Principal = {
  subject: "anonymous",
  accountId: undefined,
  isSuperadmin: true,
  scopes: new Set(SCOPES),
  issuedAt: undefined,
};
