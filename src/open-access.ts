import type { IncomingHttpHeaders } from "node:http";
import type { FastifyBaseLogger } from "fastify";
import { type Authenticate, createAuthenticator } from "./auth/authenticator.js";
import type { KeySetNotice } from "./auth/key-set.js";
import { NOBODY } from "./auth/principal.js";
import type { RateLimit } from "./auth/rate-limit.js";
import { principalIn } from "./auth/token-header.js";
import { keySet, sharedSecret } from "./auth/token-keys.js";
import type { StrataError } from "./domain/errors.js";
import type { Identify } from "./graphql/server/identify.js";
import type { ReadClient } from "./http/client-address.js";
import type { Settings } from "./settings.js";

/** Who may do what here, by the settings. */
export interface Access {
  /** Whether nobody has to say who they are. */
  readonly isOpen: boolean;
  readonly createIdentify: (limit: RateLimit, readClient: ReadClient) => Identify;
  /** Rejects where the token in these headers is not good any more. It counts for no limit. */
  readonly recheck: (headers: IncomingHttpHeaders) => Promise<unknown>;
}

export function openAccess(
  settings: Pick<Settings, "access">,
  logger: FastifyBaseLogger,
  now: () => Date,
): Access {
  const authenticate = authenticatorOf(settings, logger, now);
  return {
    isOpen: authenticate === undefined,
    createIdentify: (limit, readClient) => createIdentify(authenticate, limit, readClient),
    recheck: (headers) => principalIn(headers, authenticate),
  };
}

/** Says who sent a request, unless there are too many of them. */
function createIdentify(
  authenticate: Authenticate | undefined,
  limit: RateLimit,
  readClient: ReadClient,
): Identify {
  return async (request, headers = request.headers) => {
    const { address } = readClient(request);
    try {
      const principal = await principalIn(headers, authenticate);
      await limit.check(request, principal, address);
      return principal;
    } catch (error) {
      // A bad token counts against the same limit as no token.
      if ((error as StrataError).code === "UNAUTHENTICATED") await limit.check(request, NOBODY, address);
      throw error;
    }
  };
}

/** Undefined: nobody has to say who they are. */
function authenticatorOf(
  { access }: Pick<Settings, "access">,
  logger: FastifyBaseLogger,
  now: () => Date,
): Authenticate | undefined {
  if (access.kind === "open") {
    logger.warn("no tokens are asked for: everybody who reaches this address may do everything");
    return undefined;
  }
  const keys =
    access.secret === undefined
      ? keySet(access.keySet ?? "", { onNotice: (notice) => logKeySet(logger, notice) })
      : sharedSecret(access.secret);
  return createAuthenticator({ ...access, keys, now });
}

function logKeySet(logger: FastifyBaseLogger, notice: KeySetNotice): void {
  if (notice.kind === "readable") {
    logger.info("the key set of STRATA_JWT_JWKS can be read again");
    return;
  }
  const { reason, secondsLeft } = notice;
  logger.error(
    { reason, secondsLeft },
    secondsLeft > 0
      ? `the key set of STRATA_JWT_JWKS cannot be read: the keys it had stay in force for ${secondsLeft} s at most, then tokens are refused until it can`
      : "the key set of STRATA_JWT_JWKS cannot be read: tokens are refused until it can",
  );
}
