/** Access by tokens of this secret. */
export const SECRET = "a secret of at least 32 bytes, or so";
export const TOKEN_ACCESS = {
  kind: "token",
  secret: SECRET,
  keySet: undefined,
  issuer: undefined,
  audience: undefined,
  maxAge: 86_400,
} as const;
