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

/** @param place URL of a JSON Web Key Set, or a file that holds one */
export function keySet(place: string): TokenKeys {
  const isUrl = /^https?:\/\//.test(place);
  return { algorithms: ASYMMETRIC, key: isUrl ? remoteKeys(new URL(place)) : fileKeys(place) };
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
