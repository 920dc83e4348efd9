import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Principal } from "../../auth/principal.js";

/**
 * Who sent a request.
 * @param headers in which the token is; absent: those of the request
 * @throws StrataError UNAUTHENTICATED, RATE_LIMITED
 */
export type Identify = (request: IncomingMessage, headers?: IncomingHttpHeaders) => Promise<Principal>;
