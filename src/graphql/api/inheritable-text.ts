/** An object of the API that may be the same in the responses to many accounts. */
export interface Inheriting {
  /** What all of these objects have in common; undefined: this one is of one account alone. */
  readonly inherited: object | undefined;
}

/**
 * Extensions of a GraphQL field that is the same in all objects with the same `inherited`, whoever asks. A field without
 * them is written anew for each response.
 */
export const SHARED = { shared: true } as const;
