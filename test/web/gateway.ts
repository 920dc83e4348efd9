import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { SignJWT } from "jose";
import { beforeAll } from "vitest";
import { startServer } from "../../src/start-server.js";
import { SECRET } from "../http/token-access.js";

const SCHEMAS = new URL("../../schemas", import.meta.url).pathname;
/** With these a gateway asks for tokens. */
export const TOKENS = { STRATA_JWT_SECRET: SECRET };

export interface Gateway {
  /** Scheme, host and port. */
  readonly origin: string;
  /** @param claims beside those that every token has, e.g. `{ account_id: "acme" }` or `{ superadmin: true }` */
  token(claims: Readonly<Record<string, unknown>>): Promise<string>;
  /** Asks the GraphQL API, past every page. @param token for a gateway with `TOKENS` @returns the whole answer */
  graphql<T = unknown>(
    query: string,
    variables?: Readonly<Record<string, unknown>>,
    token?: string,
  ): Promise<T>;
}

/**
 * A gateway in this process, with the shipped schemas and the example accounts in a store of its own, for all tests of a file.
 * Without settings nobody has to say who they are.
 */
export function openGateway(settings: Readonly<Record<string, string>> = {}): Gateway {
  let origin = "";
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), "strata-web-"));
    const app: FastifyInstance = await startServer({
      STRATA_PORT: "0",
      STRATA_STORE: `lmdb:${folder}`,
      STRATA_SCHEMAS: SCHEMAS,
      STRATA_LOG_LEVEL: "silent",
      ...settings,
    });
    origin = app.listeningOrigin;
    return async () => {
      await app.close();
      rmSync(folder, { recursive: true, force: true });
    };
  });
  return {
    get origin() {
      return origin;
    },
    token: (claims) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: "HS256", typ: "JWT" })
        .setSubject("a person")
        .setIssuedAt()
        .setExpirationTime("1h")
        .sign(new TextEncoder().encode(SECRET)),
    graphql: async (query, variables = {}, token) => {
      const response = await fetch(`${origin}/graphql`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify({ query, variables }),
      });
      return response.json();
    },
  };
}
