import type { GraphQLResolveInfo } from "graphql";
import type { Principal } from "../../auth/principal.js";
import type { AccountService } from "../../service/account-service.js";
import type { ConfigService } from "../../service/config-service.js";
import type { LiveConfigs } from "../../service/live/live-configs.js";
import type { RequestReader } from "../../service/read/request-reader.js";

/** Items of which some come in a later turn of the event loop. */
export type ListOf<T> = readonly (T | Promise<T>)[];

/** Bounds what one request makes the process do. */
export interface WorkLimit {
  /** The items of a list. @throws StrataError QUERY_TOO_COMPLEX, limit `response`, when completing them would cost too much */
  handOut<T>(items: readonly T[], info: GraphQLResolveInfo): ListOf<T>;
}

/**
 * What the resolvers of one request share. An answer is cached only if it was made of nothing but this: a resolver that
 * reads the store in any other way makes its answer uncacheable.
 */
export interface RequestContext {
  readonly principal: Principal;
  readonly configs: ConfigService;
  readonly accounts: AccountService;
  /** Gathers what the request reads into as few store calls as can be. */
  readonly reader: RequestReader;
  readonly work: WorkLimit;
}

/** What a subscription is started with. Each of its messages is executed with a context of its own. */
export interface SubscriptionContext extends RequestContext {
  readonly live: LiveConfigs;
  /** The cursor of the last message that the client has had, where its transport says so. */
  readonly lastEventId?: string | undefined;
  /** Ends the subscription. */
  readonly signal?: AbortSignal | undefined;
}
