import { readFile, stat } from "node:fs/promises";
import { createLocalJWKSet, createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from "jose";

/** What tokens are checked with. The kind of key fixes the algorithms: the token has no say in it. */
export interface TokenKeys {
  readonly algorithms: readonly string[];
  readonly key: Uint8Array | JWTVerifyGetKey;
}

const ASYMMETRIC = ["RS256", "ES256", "EdDSA"];
/** An unknown key id in a flood of tokens must not become a flood of look-ups. */
const LOOK_EVERY_MS = 60_000;
const RETRY_AFTER_MS = 5_000;
const ANSWER_WITHIN_MS = 5_000;

export function sharedSecret(secret: string): TokenKeys {
  return { algorithms: ["HS256"], key: new TextEncoder().encode(secret) };
}

/**
 * @param place URL of a JSON Web Key Set, or a file that holds one
 * @param onFailure hears why it cannot be read: at once when that is so from the beginning, later once a minute at most
 */
export function keySet(place: string, onFailure?: (reason: string) => void): TokenKeys {
  const isUrl = /^https?:\/\//.test(place);
  const read = isUrl ? remoteKeys(new URL(place)) : fileKeys(place);
  if (onFailure === undefined) return { algorithms: ASYMMETRIC, key: read };
  const key = reporting(read, (error) => onFailure(reasonOf(error).replaceAll(place, "the key set")));
  // Whoever starts it is there now, and its first caller may be hours away.
  void (async () => key({ alg: "RS256" }, NO_TOKEN))().catch(() => {});
  return { algorithms: ASYMMETRIC, key };
}

const NO_TOKEN = { payload: "", signature: "" };

function reporting(read: JWTVerifyGetKey, onFailure: (error: unknown) => void): JWTVerifyGetKey {
  let toldAt = Number.NEGATIVE_INFINITY;
  return async (header, token) => {
    try {
      return await read(header, token);
    } catch (error) {
      const isRead =
        error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys;
      if (!isRead && performance.now() - toldAt > LOOK_EVERY_MS) {
        toldAt = performance.now();
        onFailure(error);
      }
      throw error;
    }
  };
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? cause.message : message;
}

function remoteKeys(url: URL): JWTVerifyGetKey {
  let failedAt = Number.NEGATIVE_INFINITY;
  return createRemoteJWKSet(url, {
    cooldownDuration: LOOK_EVERY_MS,
    timeoutDuration: ANSWER_WITHIN_MS,
    async [customFetch](address, options) {
      if (performance.now() - failedAt < RETRY_AFTER_MS) throw new Error("the key set failed a moment ago");
      try {
        const response = await fetch(address, options);
        if (response.status !== 200) failedAt = performance.now();
        return response;
      } catch (error) {
        failedAt = performance.now();
        throw error;
      }
    },
  });
}

/** Read again when a token names a key that it lacks and it has changed, so that keys can be rotated. */
function fileKeys(file: string): JWTVerifyGetKey {
  let known: JWTVerifyGetKey | undefined;
  let changedAt = Number.NaN;
  let lookedAt = Number.NEGATIVE_INFINITY;
  const load = async (): Promise<JWTVerifyGetKey> => {
    lookedAt = performance.now();
    const { mtimeMs } = await stat(file);
    if (known === undefined || mtimeMs !== changedAt) {
      known = createLocalJWKSet(JSON.parse(await readFile(file, "utf8")));
      changedAt = mtimeMs;
    }
    return known;
  };
  return async (header, token) => {
    const keys = known ?? (await load());
    try {
      return await keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || performance.now() - lookedAt < RETRY_AFTER_MS)
        throw error;
      return (await load())(header, token);
    }
  };
}
