import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { exportPKCS8, exportSPKI, type GenerateKeyPairResult, importPKCS8 } from "jose";
import type { Attack } from "./attack.js";
import { bearer } from "./credentials.js";
import type { KeyServer } from "./key-server.js";
import { atBothFaces, type Claims, claims, handmade, refused, signedBy, taken } from "./token-attacks.js";

const FLOOD = 200;

async function signedAs(pem: string, alg: string): Promise<string> {
  return signedBy(await importPKCS8(pem, alg), { kid: "plain", alg }, claims());
}

/** What is tried where tokens are checked with a published key set, of RSA keys. */
export function keySetAttacks(
  server: KeyServer,
  pairs: { known: GenerateKeyPairResult; stranger: GenerateKeyPairResult; next: GenerateKeyPairResult },
): Attack[] {
  const { known, stranger, next } = pairs;
  const good = (header: Claims = {}) => signedBy(known.privateKey, { kid: "known", ...header }, claims());
  const forged = (header: Claims) => signedBy(stranger.privateKey, { kid: "known", ...header }, claims());
  const onlyOnce = (): void => assert.equal(server.fetches(), 1, "the key set was fetched again");
  const pem = (): Promise<string> => exportSPKI(known.publicKey);
  const attacks: Attack[] = [
    taken("a token as it should be", async () => bearer(await good())),
    taken("a token that points elsewhere for its key, signed as it should be", async () =>
      bearer(await good({ jku: server.trap, x5u: server.trap })),
    ),
    refused("HS256 with the public key's text as the secret", async () =>
      handmade({ kid: "known" }, claims(), await pem()),
    ),
    refused("HS256 with the public key's bytes as the secret", async () =>
      handmade(
        { kid: "known" },
        claims(),
        createPublicKey(await pem()).export({ type: "spki", format: "der" }),
      ),
    ),
    refused("HS256 with the key set's text as the secret", () =>
      handmade({ kid: "known" }, claims(), server.text()),
    ),
    refused("HS256 without a key id", async () => handmade({}, claims(), await pem())),
    ...["none", "NoNe", "HS256", "ES256", "PS256", "RS512", "RSA-OAEP"].map((alg) =>
      refused(`alg ${alg} under the known key's id`, async () => {
        const [, payload, signature] = (await good()).split(".");
        return `${Buffer.from(JSON.stringify({ alg, kid: "known" })).toString("base64url")}.${payload}.${signature}`;
      }),
    ),
    taken("RS256 under a key that says nothing of algorithms", async () =>
      bearer(await good({ kid: "plain" })),
    ),
    ...["RS384", "RS512", "PS256"].map((alg) =>
      refused(`alg ${alg} under the same key, signed as it says`, async () =>
        signedAs(await exportPKCS8(known.privateKey), alg),
      ),
    ),
    refused("RS256 by a stranger's key", () => forged({})),
    refused("a stranger's key, brought along", () => forged({ jwk: server.keyOf("stranger") })),
    refused("a stranger's key, to be fetched by jku", () => forged({ kid: "stranger", jku: server.trap })),
    refused("a stranger's key, to be fetched by x5u", () =>
      forged({ kid: "stranger", x5u: server.trap, x5c: ["MIIB"] }),
    ),
    ...[
      "../../etc/passwd",
      "' OR 1=1 --",
      "http://127.0.0.1:1/keys",
      "k".repeat(8_000),
      "__proto__",
      "constructor",
    ].map((kid) => refused(`the key id ${kid.slice(0, 20)}`, () => forged({ kid }))),
    {
      name: `${FLOOD} tokens, each with a key id that nobody knows`,
      send: async (attacked) => {
        for (let i = 0; i < FLOOD; i++)
          assert.equal(
            (
              await attacked.ask({
                path: "/v2/accounts/acme/configs/open",
                headers: bearer(await forged({ kid: `unknown-${i}` })),
              })
            ).status,
            401,
          );
        return atBothFaces(attacked, bearer(await forged({ kid: "unknown" })), 401);
      },
      expected: { status: 401, code: "UNAUTHENTICATED" },
    },
    {
      name: "a key that was published a moment ago: known within a minute, not sooner",
      send: async (attacked) => {
        await server.publish("next", next.publicKey);
        return atBothFaces(attacked, bearer(await signedBy(next.privateKey, { kid: "next" }, claims())), 401);
      },
      expected: { status: 401, code: "UNAUTHENTICATED" },
    },
    taken("and what was known before stays good", async () => bearer(await good())),
  ];
  // However many unknown ids there are: once in a minute, and this takes less than one.
  return attacks.map((attack) => ({
    ...attack,
    expected: {
      ...attack.expected,
      async also(answer, attacked) {
        await attack.expected.also?.(answer, attacked);
        onlyOnce();
        assert.equal(server.trapped(), 0, "a token has chosen where its key comes from");
      },
    },
  }));
}
