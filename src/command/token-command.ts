import { SignJWT } from "jose";
import { parseDuration } from "../domain/duration.js";
import { isId } from "../domain/id.js";
import type { TokenAccess } from "../env.js";
import { readOptions, UsageError } from "./command-options.js";

export interface TokenContext {
  /** The tokens that the server would accept. */
  readonly access: () => { readonly kind: "open" } | TokenAccess;
  /** The subject of the token; by default the user of the terminal. */
  readonly user: string;
  readonly now: () => Date;
  readonly stdout: Pick<NodeJS.WritableStream, "write">;
}

/**
 * `token [--account <id>] [--superadmin] [--read-only] [--subject <name>] [--expires <time>]`: prints a token that a
 * server with the same settings takes.
 * @throws UsageError when it is not given like that, or the server's tokens are not made with a secret
 */
export async function tokenCommand(args: readonly string[], context: TokenContext): Promise<void> {
  const options = readOptions(args, {
    account: { type: "string" },
    superadmin: { type: "boolean" },
    "read-only": { type: "boolean" },
    subject: { type: "string" },
    expires: { type: "string" },
  });
  const account = options.value("account");
  const superadmin = options.isSet("superadmin");
  if (options.operands.length > 0) throw new UsageError("A token takes options alone.");
  if (account === undefined && !superadmin)
    throw new UsageError(
      "A token is for an account, with --account <id>, or for a superadmin, with --superadmin.",
    );
  if (account !== undefined && !isId(account)) throw new UsageError("The account is no account id.");
  const { secret, issuer, audience, maxAge } = tokenAccess(context.access());
  const lifetime = parseDuration(options.value("expires") ?? "1h");
  if (lifetime === undefined)
    throw new UsageError("The option --expires takes a time such as 15m, 1h or 7d.");
  if (lifetime > maxAge) throw new UsageError("A token cannot live longer than STRATA_JWT_MAX_AGE says.");
  const issuedAt = Math.floor(context.now().getTime() / 1_000);
  const claims = {
    ...(account !== undefined && { account_id: account }),
    ...(superadmin && { superadmin }),
    ...(options.isSet("read-only") && { scope: "config:read" }),
  };
  const token = new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(options.value("subject") ?? context.user)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + lifetime);
  if (issuer !== undefined) token.setIssuer(issuer);
  if (audience !== undefined) token.setAudience(audience);
  context.stdout.write(`${await token.sign(new TextEncoder().encode(secret))}\n`);
}

function tokenAccess(access: ReturnType<TokenContext["access"]>): TokenAccess & { readonly secret: string } {
  if (access.kind === "token" && access.secret !== undefined) return { ...access, secret: access.secret };
  throw new UsageError(
    access.kind === "open"
      ? "There is no secret to sign with: set STRATA_JWT_SECRET, here and for the server."
      : "The server takes tokens that are signed by somebody else (STRATA_JWT_JWKS): get one there.",
  );
}
