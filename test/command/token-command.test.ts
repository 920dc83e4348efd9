import { describe, expect, test } from "vitest";
import { strata } from "../archive/strata-process.js";
import { runServer } from "../rest/running-server.js";

const SECRET = "a secret of at least 32 bytes, or so";
const settings = { STRATA_JWT_SECRET: SECRET, USER: "ada" };

async function claimsOf(...args: string[]): Promise<Record<string, unknown>> {
  const { code, output, errors } = await strata(["token", ...args], settings);
  expect([code, errors]).toEqual([0, ""]);
  return JSON.parse(Buffer.from(output.split(".")[1] ?? "", "base64url").toString());
}

describe("strata token", () => {
  test("says who, for which account, and for how long", async () => {
    const { iat, exp, ...claims } = await claimsOf("--account", "acme");
    expect(claims).toEqual({ sub: "ada", account_id: "acme" });
    expect(Number(exp) - Number(iat)).toBe(3_600);
    expect(await claimsOf("--superadmin", "--subject=ops", "--expires", "15m")).toMatchObject({
      sub: "ops",
      superadmin: true,
    });
    expect(await claimsOf("--account=acme", "--read-only")).toMatchObject({ scope: "config:read" });
  });

  test("makes what a server with the same settings takes", async () => {
    const all = { ...settings, STRATA_JWT_ISSUER: "https://id.example", STRATA_JWT_AUDIENCE: "strata" };
    const origin = await runServer(all);
    const ask = async (token: string): Promise<unknown> => {
      const headers = { "content-type": "application/json", authorization: `Bearer ${token.trim()}` };
      const body = JSON.stringify({ query: "{ viewer { subject account { id } canWrite } }" });
      return (await fetch(`${origin}/graphql`, { method: "POST", headers, body })).json();
    };
    const { output } = await strata(["token", "--account", "acme", "--read-only"], all);
    expect(await ask(output)).toEqual({
      data: { viewer: { subject: "ada", account: { id: "acme" }, canWrite: false } },
    });
    const { output: other } = await strata(["token", "--account", "acme"], settings);
    expect(await ask(other)).toMatchObject({ errors: [{ extensions: { code: "UNAUTHENTICATED" } }] });
  });

  test.each<[string, string[], Record<string, string>, RegExp]>([
    ["without account", [], settings, /--account <id>, or .* --superadmin/],
    ["with an account that is none", ["--account", "../x"], settings, /no account id/],
    ["without a secret", ["--account", "acme"], {}, /set STRATA_JWT_SECRET/],
    ["with a key set", ["--account", "acme"], { STRATA_JWT_JWKS: "./jwks.json" }, /signed by somebody else/],
    ["with a time that is none", ["--account", "acme", "--expires", "soon"], settings, /15m, 1h or 7d/],
    ["for too long", ["--account", "acme", "--expires", "2d"], settings, /longer than STRATA_JWT_MAX_AGE/],
  ])("%s is refused", async (_, args, given, words) => {
    const { code, output, errors } = await strata(["token", ...args], given);
    expect([code, output]).toEqual([2, ""]);
    expect(errors).toMatch(words);
    expect(errors).not.toContain(SECRET);
  });
});
