import type { GraphQLSchema } from "graphql";
import { NOBODY, type Principal } from "../../auth/principal.js";
import type { LayerReader } from "../../service/layer-reader.js";
import type { RequestContext, Work } from "../api/context.js";

/**
 * Gathers what speaks for caching a response: it may be cached if every root field used the request's reader, nothing
 * else read the store meanwhile, and nothing looked at what the cache key leaves out. Without evidence it is not cached,
 * so a resolver that reads anything else has nothing to declare.
 */
export class Evidence {
  readonly #otherReadsBefore: number;
  readonly #roots: RootContext[] = [];
  #sawSubject = false;

  /** @param otherReads counts the calls of the store that no request's reader made, of the whole process */
  constructor(private readonly otherReads: () => number) {
    this.#otherReadsBefore = otherReads();
  }

  /** The context for one root field, which tells whether the field used the reader. */
  forRoot(context: RequestContext): RequestContext {
    const root = new RootContext(context);
    this.#roots.push(root);
    return root;
  }

  /** The principal for resolvers. The subject is not in the cache key: callers of one account share responses. */
  watched(principal: Principal): Principal {
    return principal === NOBODY ? principal : new WatchedPrincipal(principal, this);
  }

  sawSubject(): void {
    this.#sawSubject = true;
  }

  get suffices(): boolean {
    return (
      this.#roots.length > 0 &&
      this.#roots.every(({ usedReader }) => usedReader) &&
      !this.#sawSubject &&
      this.otherReads() === this.#otherReadsBefore
    );
  }
}

class WatchedPrincipal implements Principal {
  readonly accountId: string | undefined;
  readonly isSuperadmin: boolean;
  readonly scopes: Principal["scopes"];
  readonly issuedAt: number | undefined;
  readonly #subject: string;

  constructor(
    { subject, accountId, isSuperadmin, scopes, issuedAt }: Principal,
    private readonly evidence: Evidence,
  ) {
    this.#subject = subject;
    this.accountId = accountId;
    this.isSuperadmin = isSuperadmin;
    this.scopes = scopes;
    this.issuedAt = issuedAt;
  }

  get subject(): string {
    this.evidence.sawSubject();
    return this.#subject;
  }
}

class RootContext implements RequestContext {
  usedReader = false;

  constructor(private readonly context: RequestContext) {}

  get reader(): LayerReader {
    this.usedReader = true;
    return this.context.reader;
  }

  get principal(): Principal {
    return this.context.principal;
  }

  get configs(): RequestContext["configs"] {
    return this.context.configs;
  }

  get accounts(): RequestContext["accounts"] {
    return this.context.accounts;
  }

  get work(): Work {
    return this.context.work;
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
