import type { GraphQLSchema } from "graphql";
import { NOBODY, type Principal } from "../../../auth/principal.js";
import type { RequestContext } from "../../api/context.js";

/**
 * Gathers what speaks for caching a response: it may be cached if every root field used the request's reader, and
 * nothing looked at what the cache key leaves out. Whether anything read the store past the reader is known to the reader's
 * trace. Without evidence nothing is cached, so a resolver that reads anything else has nothing to declare.
 */
export class Evidence {
  readonly #roots: RootContext[] = [];
  #principal: WatchedPrincipal | undefined;

  /** The context for one root field, which tells whether the field used the reader. */
  forRoot(context: RequestContext): RequestContext {
    const root = new RootContext(context);
    this.#roots.push(root);
    return root;
  }

  /** The principal for resolvers. The subject is not in the cache key: callers of one account share responses. */
  watched(principal: Principal): Principal {
    if (principal === NOBODY) return principal;
    this.#principal = new WatchedPrincipal(principal);
    return this.#principal;
  }

  get suffices(): boolean {
    if (this.#roots.length === 0 || this.#principal?.sawSubject) return false;
    return this.#roots.every(({ usedReader }) => usedReader);
  }
}

// Classes: an object literal with a getter gets a hidden class of its own, which V8 keeps longer than the request, and with it
// all that the getter leads to.

class RootContext implements RequestContext {
  readonly principal: Principal;
  readonly configs: RequestContext["configs"];
  readonly accounts: RequestContext["accounts"];
  readonly work: RequestContext["work"];
  usedReader = false;
  readonly #reader: RequestContext["reader"];

  constructor({ principal, configs, accounts, reader, work }: RequestContext) {
    this.principal = principal;
    this.configs = configs;
    this.accounts = accounts;
    this.work = work;
    this.#reader = reader;
  }

  get reader(): RequestContext["reader"] {
    this.usedReader = true;
    return this.#reader;
  }
}

class WatchedPrincipal implements Principal {
  readonly accountId: Principal["accountId"];
  readonly isSuperadmin: boolean;
  readonly scopes: Principal["scopes"];
  readonly issuedAt: Principal["issuedAt"];
  sawSubject = false;
  readonly #subject: string;

  constructor({ subject, accountId, isSuperadmin, scopes, issuedAt }: Principal) {
    this.accountId = accountId;
    this.isSuperadmin = isSuperadmin;
    this.scopes = scopes;
    this.issuedAt = issuedAt;
    this.#subject = subject;
  }

  get subject(): string {
    this.sawSubject = true;
    return this.#subject;
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
