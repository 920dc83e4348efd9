import { SignJWT } from "jose";
import { parseDuration } from "../domain/duration.js";
import { isId } from "../domain/id.js";
import type { TokenAccess } from "../settings.js";
import { type GivenOptions, readOptions, UsageError } from "./command-options.js";
import { COMMAND_TABLE } from "./command-table.js";

export interface TokenContext {
  /** The tokens that the server would accept. */
  readonly access: () => { readonly kind: "open" } | TokenAccess;
  /** Where a server with the same settings listens. */
  readonly address: () => { readonly host: string; readonly port: number };
  /** The subject of the token; by default the user of the terminal. */
  readonly user: string;
  readonly now: () => Date;
  readonly stdout: Pick<NodeJS.WritableStream, "write">;
}

/**
 * `token [--account <id>] [--superadmin] [--read-only] [--subject <name>] [--expires <time>] [--open [--url <url>]]`: prints a
 * token that a server with the same settings takes; with `--open` a link that opens its console with the token.
 * @throws UsageError when it is not given like that, or the server's tokens are not made with a secret
 */
export async function tokenCommand(args: readonly string[], context: TokenContext): Promise<void> {
  const options = readOptions(args, COMMAND_TABLE.token.options);
  const account = options.value("account");
  const superadmin = options.isSet("superadmin");
  if (options.operands.length > 0) throw new UsageError("A token takes options alone.");
  if (account === undefined && !superadmin)
    throw new UsageError(
      "A token is for an account, with --account <id>, or for a superadmin, with --superadmin.",
    );
  if (account !== undefined && !isId(account)) throw new UsageError("The account is no account id.");
  const consoleUrl = consoleOf(options, context);
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
  const signed = await token.sign(new TextEncoder().encode(secret));
  context.stdout.write(`${consoleUrl === undefined ? signed : `${consoleUrl}#token=${signed}`}\n`);
}

/**
 * The address of the console, if a link is wanted. No browser is started: its command line would show the token to everybody on
 * this machine.
 */
function consoleOf(options: GivenOptions, { address }: TokenContext): string | undefined {
  const url = options.value("url");
  if (!options.isSet("open")) {
    if (url !== undefined) throw new UsageError("The option --url is for a link: give --open as well.");
    return undefined;
  }
  if (url !== undefined) return `${originOf(url)}/console`;
  const { host, port } = address();
  if (port === 0) throw new UsageError("STRATA_PORT is 0: say with --url where the server is.");
  return `http://${namedHost(host)}:${port}/console`;
}

/** @throws UsageError for what is no server's address */
export function originOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (
    parsed !== undefined &&
    /^https?:$/.test(parsed.protocol) &&
    parsed.pathname === "/" &&
    !/[?#@]/.test(url)
  )
    return parsed.origin;
  throw new UsageError("The option --url takes the server's address, such as https://strata.example.");
}

/** An address that a server listens on is not always one to go to. */
function namedHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}

function tokenAccess(access: ReturnType<TokenContext["access"]>): TokenAccess & { readonly secret: string } {
  if (access.kind === "token" && access.secret !== undefined) return { ...access, secret: access.secret };
  throw new UsageError(
    access.kind === "open"
      ? "There is no secret to sign with: set STRATA_JWT_SECRET, here and for the server."
      : "The server takes tokens that are signed by somebody else (STRATA_JWT_JWKS): get one there.",
  );
}
