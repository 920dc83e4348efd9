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

  test.each<[args: string[], given: Record<string, string>, address: string]>([
    [[], {}, "http://127.0.0.1:4000"],
    [[], { STRATA_HOST: "0.0.0.0", STRATA_PORT: "8080" }, "http://127.0.0.1:8080"],
    [[], { STRATA_HOST: "::1" }, "http://[::1]:4000"],
    [[], { STRATA_HOST: "strata.internal" }, "http://strata.internal:4000"],
    [["--url", "https://strata.example"], { STRATA_PORT: "0" }, "https://strata.example"],
    [["--url=https://strata.example:8443/"], {}, "https://strata.example:8443"],
  ])(
    "with --open %j and %j it is in a link to the console, in the fragment",
    async (args, given, address) => {
      const { code, output, errors } = await strata(["token", "--account", "acme", "--open", ...args], {
        ...settings,
        STRATA_PORT: "4000",
        ...given,
      });
      expect([code, errors]).toEqual([0, ""]);
      const link = new URL(output.trim());
      expect(link.href.split("#")[0]).toBe(`${address}/console`);
      const token = new URLSearchParams(link.hash.slice(1)).get("token") ?? "";
      const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
      expect(claims).toMatchObject({ sub: "ada", account_id: "acme" });
    },
  );

  test.each<[string, string[], Record<string, string>, RegExp]>([
    [
      "a link to what is no address",
      ["--account=acme", "--open", "--url", "strata"],
      settings,
      /server's address/,
    ],
    [
      "a link with a path",
      ["--account=acme", "--open", "--url", "http://a.example/b"],
      settings,
      /server's address/,
    ],
    [
      "a link with a password",
      ["--account=acme", "--open", "--url", "http://a:b@c.example"],
      settings,
      /address/,
    ],
    ["a link to a script", ["--account=acme", "--open", "--url", "javascript:alert(1)"], settings, /address/],
    [
      "an address without a link",
      ["--account=acme", "--url", "http://a.example"],
      settings,
      /--open as well/,
    ],
    [
      "a link to any free port",
      ["--account=acme", "--open"],
      { ...settings, STRATA_PORT: "0" },
      /say with --url/,
    ],
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
