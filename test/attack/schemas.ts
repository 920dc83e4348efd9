const ANYTHING = { type: "object", additionalProperties: true };

/** What the attacked server serves, unless a family brings its own. */
export const SCHEMAS: Readonly<Record<string, unknown>> = {
  "account_config.default": ANYTHING,
  "account_config.open": ANYTHING,
  "account_config.c": ANYTHING,
  "account_config.b.c": ANYTHING,
  "account_config.strict": {
    properties: { n: { type: "integer" }, o: { properties: { m: { type: "string" } } } },
    additionalProperties: false,
  },
  // What it keeps from accounts: a password of the system's.
  "account_config.mail": { properties: { host: { type: "string" } } },
  "system_config.mail": { properties: { host: { type: "string" }, password: { type: "string" } } },
  "system_config.inner": { properties: { password: { type: "string" } } },
};
