import assert from "node:assert/strict";
import { renameSync, writeFileSync } from "node:fs";
import { exportJWK, type GenerateKeyPairResult } from "jose";
import type { Attack } from "./attack.js";
import type { AttackedServer } from "./attacked-server.js";
import { CANARIES } from "./canaries.js";
import { bearer } from "./credentials.js";
import type { Answer } from "./exchange.js";
import { atBothFaces, claims, signedBy } from "./token-attacks.js";

/** A file is looked at once a second, and a machine may be slow. */
const LOOKED_AT_MS = 1_500;

export async function writeKeys(
  file: string,
  pairs: Readonly<Record<string, GenerateKeyPairResult>>,
): Promise<void> {
  const keys = Object.entries(pairs).map(async ([kid, { publicKey }]) => ({
    ...(await exportJWK(publicKey)),
    kid,
    alg: "RS256",
  }));
  writeFileSync(`${file}.new`, JSON.stringify({ keys: await Promise.all(keys) }));
  renameSync(`${file}.new`, file);
}

/** What is tried where tokens are checked with a key set in a file, while that file changes. */
export function keyFileAttacks(
  file: string,
  { lost, kept }: { lost: GenerateKeyPairResult; kept: GenerateKeyPairResult },
): Attack[] {
  const ask = async (server: AttackedServer, kid: string, pair: GenerateKeyPairResult, status: number) =>
    atBothFaces(server, bearer(await signedBy(pair.privateKey, { kid }, claims())), status);
  const attack = (
    name: string,
    status: number,
    send: (server: AttackedServer) => Promise<Answer>,
    linesAre: (lines: string) => void = () => {},
  ): Attack => ({
    name,
    send,
    expected: {
      status,
      also: async (_, server) =>
        linesAre((await server.lines()).filter((line) => line.includes("key set")).join("")),
    },
  });
  const looked = () => new Promise((resolve) => setTimeout(resolve, LOOKED_AT_MS));
  return [
    attack("a key of the file, before it is taken out", 200, async (server) => {
      await ask(server, "kept", kept, 200);
      return ask(server, "lost", lost, 200);
    }),
    attack(
      "a key that was taken out of the file, also with a token that was verified before",
      401,
      async (server) => {
        await writeKeys(file, { kept });
        await looked();
        await ask(server, "kept", kept, 200);
        return ask(server, "lost", lost, 401);
      },
    ),
    attack(
      "a file that is a secret now: the keys stay for a while, and the log says so",
      200,
      async (server) => {
        writeFileSync(file, `${CANARIES.jwtSecret} is no key set`);
        await looked();
        await ask(server, "lost", lost, 401);
        return ask(server, "kept", kept, 200);
      },
      (lines) => assert.match(lines, /"reason":"it is not JSON.*stay in force for \d+ s at most/),
    ),
    attack("and a file that is mended", 200, async (server) => {
      await writeKeys(file, { lost });
      await looked();
      await ask(server, "kept", kept, 401);
      return ask(server, "lost", lost, 200);
    }),
  ];
}
