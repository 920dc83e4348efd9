import { z } from "zod";
import { CLOCK_TOLERANCE } from "../domain/clock.js";
import { isId } from "../domain/id.js";
import { subjectTrouble } from "../domain/name.js";
import { type Principal, SCOPES, type Scope } from "./principal.js";

const SUBJECT = z.string().refine((text) => subjectTrouble(text) === undefined);
const CLAIMS = z
  .object({
    sub: SUBJECT,
    account_id: z.string().refine(isId).optional(),
    superadmin: z.boolean().default(false),
    scope: z.string().default(SCOPES.join(" ")),
    iat: z.number().int(),
    exp: z.number().int(),
  })
  .refine(({ account_id, superadmin }) => superadmin || account_id !== undefined);

/**
 * The principal that a token's claims stand for; its signature, issuer, audience and times have been checked.
 * @param maxAge how long a token may live, in seconds
 * @param now in seconds since the epoch
 * @returns undefined when the claims are not what they have to be
 */
export function principalOf(claims: unknown, maxAge: number, now: number): Principal | undefined {
  const parsed = CLAIMS.safeParse(claims);
  if (!parsed.success) return undefined;
  const { sub, account_id, superadmin, scope, iat, exp } = parsed.data;
  if (exp - iat > maxAge || iat > now + CLOCK_TOLERANCE) return undefined;
  const given = new Set(scope.split(" "));
  return {
    subject: sub,
    accountId: account_id,
    isSuperadmin: superadmin,
    scopes: new Set(SCOPES.filter((name: Scope) => given.has(name))),
    issuedAt: iat,
    expiresAt: exp,
  };
}
