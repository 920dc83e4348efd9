import type { GraphQLSchema } from "graphql";
import { NOBODY, type Principal } from "../../auth/principal.js";
import type { RequestContext } from "../api/context.js";

/**
 * Gathers what speaks for caching a response: it may be cached if every root field used the request's reader, and
 * nothing looked at what the cache key leaves out. Whether anything read the store past the reader is known to the reader's
 * trace. Without evidence nothing is cached, so a resolver that reads anything else has nothing to declare.
 */
export class Evidence {
  readonly #roots: { usedReader: boolean }[] = [];
  #sawSubject = false;

  /** The context for one root field, which tells whether the field used the reader. */
  forRoot({ principal, configs, accounts, reader, work }: RequestContext): RequestContext {
    const root = { usedReader: false };
    this.#roots.push(root);
    return {
      principal,
      configs,
      accounts,
      work,
      get reader() {
        root.usedReader = true;
        return reader;
      },
    };
  }

  /** The principal for resolvers. The subject is not in the cache key: callers of one account share responses. */
  watched(principal: Principal): Principal {
    if (principal === NOBODY) return principal;
    const { subject, accountId, isSuperadmin, scopes, issuedAt } = principal;
    const see = (): void => {
      this.#sawSubject = true;
    };
    return {
      accountId,
      isSuperadmin,
      scopes,
      issuedAt,
      get subject() {
        see();
        return subject;
      },
    };
  }

  get suffices(): boolean {
    return this.#roots.length > 0 && this.#roots.every(({ usedReader }) => usedReader) && !this.#sawSubject;
  }
}

/** Lets each root field of a query leave evidence in its request's context. */
export function collectEvidence(schema: GraphQLSchema): void {
  for (const field of Object.values(schema.getQueryType()?.getFields() ?? {})) {
    const { resolve } = field;
    if (resolve === undefined) continue;
    field.resolve = (source, args, context: RequestContext & { readonly evidence: Evidence }, info) =>
      resolve(source, args, context.evidence.forRoot(context), info);
  }
}
