/** Planted where no answer to a stranger, log line or metric may show them; a find says which place leaks. */
export const CANARIES = {
  jwtSecret: "canary-of-the-jwt-secret-5d0f9a3c71be4e28",
  redisPassword: "canary-of-the-redis-url-77a0c1f2",
  systemValue: "canary-of-a-system-document-c09d51ab",
  configValue: "canary-of-a-config-value-1f6e82d4",
  fault: "canary-of-a-thrown-error-e83b60c7",
  /** What attackers send: no error quotes it. */
  sent: "canary-of-what-was-sent-4ba7d9f0",
} as const;

const handedOut = new Set<string>();

/** Remembers a token: its claims and signature are looked for like any other secret. */
export function plantToken(token: string): string {
  const [, claims, signature] = token.split(".");
  for (const part of [claims, signature])
    if (part !== undefined && part.length >= 20) handedOut.add(part.slice(0, 256));
  return token;
}

/** The secrets that a text holds. */
export function canariesIn(text: string): string[] {
  return [...Object.values(CANARIES), ...handedOut].filter((secret) => text.includes(secret));
}
