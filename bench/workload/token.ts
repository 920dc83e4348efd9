import { createHmac } from "node:crypto";

const LIFE_SECONDS = 3_600;

/** A token (JWT, HS256) of somebody who may read and write everything. */
export function createToken(secret: string): string {
  const now = Math.floor(Date.now() / 1_000);
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const claims = { sub: "bench", superadmin: true, iat: now, exp: now + LIFE_SECONDS };
  const text = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}
