import { type JWTPayload, SignJWT } from "jose";
import { CANARIES, plantToken } from "./canaries.js";

/** Seconds since the epoch. The accounts are about as old as the server. */
export const now = (): number => Math.floor(Date.now() / 1_000) + 2;

export async function token(
  claims: JWTPayload & Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>> = {},
  secret: string = CANARIES.jwtSecret,
): Promise<string> {
  const issued = { sub: "ada", iat: now(), exp: now() + 600, ...claims };
  const signed = new SignJWT(issued).setProtectedHeader({ alg: "HS256", ...header });
  return plantToken(await signed.sign(new TextEncoder().encode(secret)));
}

export const bearer = (text: string): Record<string, string> => ({ Authorization: `Bearer ${text}` });
const JSON_TYPE = { "Content-Type": "application/json" };

/** Of the account that most attacks come from. */
export async function asAcme(): Promise<Record<string, string>> {
  return { ...JSON_TYPE, ...bearer(await token({ account_id: "acme" })) };
}

export async function asOperator(): Promise<Record<string, string>> {
  return { ...JSON_TYPE, ...bearer(await token({ superadmin: true })) };
}
