import type { FastifyInstance } from "fastify";
import { SignJWT } from "jose";
import { SECRET } from "../http/token-access.js";

export interface FlagAnswer {
  readonly key: string;
  readonly value?: unknown;
  readonly reason: string;
  readonly variant?: string;
  readonly metadata: Record<string, unknown>;
}

export async function tokenFor(claims: Record<string, unknown>, secret = SECRET): Promise<string> {
  // The accounts are as old as the app.
  const now = Math.floor(Date.now() / 1_000) + 2;
  return new SignJWT({ sub: "ada", iat: now, exp: now + 600, ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .sign(new TextEncoder().encode(secret));
}

/** @param body sent as it is where it is text or bytes */
export async function askFlags(
  app: FastifyInstance,
  path: string,
  body: unknown,
  headers: Record<string, string>,
) {
  const isRaw = typeof body === "string" || Buffer.isBuffer(body);
  const response = await app.inject({
    method: "POST",
    url: `/ofrep/v1/evaluate/flags${path}`,
    headers: { host: "strata.example", "content-type": "application/json", ...headers },
    ...(body !== undefined && { payload: isRaw ? body : JSON.stringify(body) }),
  });
  const text = response.payload;
  return {
    status: response.statusCode,
    headers: response.headers,
    text,
    body: text === "" ? undefined : JSON.parse(text),
  };
}
