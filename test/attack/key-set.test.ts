import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateKeyPair } from "jose";
import { afterAll } from "vitest";
import { TOKEN_ACCESS } from "./attacked-server.js";
import { attackFamily } from "./family.js";
import { keyFileAttacks, writeKeys } from "./key-file-attacks.js";
import { KeyServer } from "./key-server.js";
import { keySetAttacks } from "./key-set-attacks.js";
import { NAMED } from "./token-attacks.js";

const [known, stranger, next] = await Promise.all(
  [0, 1, 2].map(() => generateKeyPair("RS256", { extractable: true })),
);
if (known === undefined || stranger === undefined || next === undefined) throw new Error("three were made");
const keys = await new KeyServer().listen();
await keys.publish("known", known.publicKey);
await keys.publishPlain("plain", known.publicKey);
await keys.hide("stranger", stranger.publicKey);
afterAll(() => keys.close());

attackFamily("tokens under a key set", keySetAttacks(keys, { known, stranger, next }), {
  settings: {
    access: { ...TOKEN_ACCESS, secret: undefined, keySet: keys.url, issuer: NAMED.iss, audience: NAMED.aud },
  },
});

const folder = mkdtempSync(join(tmpdir(), "strata-keys-"));
const file = join(folder, "jwks.json");
await writeKeys(file, { lost: known, kept: next });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

attackFamily("tokens under a key set in a file", keyFileAttacks(file, { lost: known, kept: next }), {
  settings: {
    access: { ...TOKEN_ACCESS, secret: undefined, keySet: file, issuer: NAMED.iss, audience: NAMED.aud },
  },
});
