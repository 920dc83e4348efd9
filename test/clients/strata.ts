import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SignJWT } from "jose";
import { beforeAll } from "vitest";

const ROOT = new URL("../../", import.meta.url);

/** The part of the server that is used. Its files are type-checked by the compiler and the options of their own package. */
interface StartServer {
  startServer(env: NodeJS.ProcessEnv): Promise<{ readonly server: Server; close(): Promise<void> }>;
}

/** All of the service is compiled first, beside whatever else the machine does. */
const START_MS = 180_000;

/** A page there may read what Strata answers. */
export const ORIGIN = "https://app.example";

export interface Strata {
  /** Of the GraphQL endpoint. */
  readonly url: string;
  /** A token that acts for an account; absent: for a superadmin. @param lifetime an hour, where it is not said */
  token(account?: string, lifetime?: string): Promise<string>;
  /** Ends the server, and starts it again at the same address, on the same data. */
  restart(whileGone: () => Promise<void>): Promise<void>;
}

/** A server on a port of its own that asks for tokens, with the examples in it, for all tests of a file. */
export function openStrata(env: NodeJS.ProcessEnv = {}): Strata {
  const secret = randomBytes(32).toString("base64");
  const folder = mkdtempSync(join(tmpdir(), "strata-clients-"));
  let url = "";
  let app: Awaited<ReturnType<StartServer["startServer"]>> | undefined;
  const start = async (port: string) => {
    const { startServer } = (await import(new URL("src/start-server.ts", ROOT).pathname)) as StartServer;
    app = await startServer({
      STRATA_PORT: port,
      STRATA_STORE: `lmdb:${folder}`,
      STRATA_SCHEMAS: new URL("schemas", ROOT).pathname,
      STRATA_JWT_SECRET: secret,
      STRATA_CORS_ORIGINS: ORIGIN,
      STRATA_LOG_LEVEL: "silent",
      ...env,
    });
    url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/graphql`;
  };
  beforeAll(async () => {
    await start("0");
    return async () => {
      await app?.close();
      rmSync(folder, { recursive: true, force: true });
    };
  }, START_MS);
  return {
    get url() {
      return url;
    },
    async restart(whileGone) {
      await app?.close();
      await whileGone();
      await start(new URL(url).port);
    },
    token: (account, lifetime = "1h") =>
      new SignJWT(account === undefined ? { superadmin: true } : { account_id: account })
        .setProtectedHeader({ alg: "HS256", typ: "JWT" })
        .setSubject("a person")
        .setIssuedAt()
        .setExpirationTime(lifetime)
        .sign(new TextEncoder().encode(secret)),
  };
}
