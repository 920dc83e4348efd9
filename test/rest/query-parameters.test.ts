import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cases, SEED } from "../cases.js";
import { configUrl, expectEnvelope, openRestApp, type RestApp } from "./rest-app.js";

const URL = configUrl("leaf", "conferences");
const WRITES = ["PUT", "POST", "PATCH", "DELETE"] as const;
type Method = (typeof WRITES)[number] | "GET";

/** As itself, or as a POST that stands for it. */
function send(rest: RestApp, method: Method, query: string, tunnelled: boolean, envelope = {}) {
  const hasBody = tunnelled || (method !== "DELETE" && method !== "GET");
  return rest.app.inject({
    method: tunnelled ? "POST" : method,
    url: `${URL}?${query}${tunnelled ? `&verb=${method}` : ""}`,
    headers: { "content-type": "application/json" },
    ...(hasBody && { payload: { data: { pin_timeout: 1 }, ...envelope } }),
  });
}

describe("A write with a query parameter that there is not", () => {
  test.each(["dry_run", "dryrun", "DryRun", "dry-run", "dryRun[]", "dry", "dryRum", "dryRuns", "dryRn"])(
    "%s is refused with 400, which names it and dryRun, and nothing is written",
    async (name) => {
      const rest = await openRestApp();
      const commits = rest.commits();
      for (const method of WRITES)
        for (const tunnelled of [false, true]) {
          const response = await send(rest, method, `${name}=true`, tunnelled);
          expect(response.statusCode).toBe(400);
          const body = response.json();
          expectEnvelope(body, 400);
          expect(body.message).toBe(
            `A write has no query parameter "${name}": it takes "dryRun". Nothing was written.`,
          );
          expect(body.data.pointer).toBe(`/${name}`);
        }
      expect(rest.commits()).toBe(commits);
    },
  );

  test(`is refused whatever it is called (LAW_SEED=${SEED})`, async () => {
    const rest = await openRestApp();
    const commits = rest.commits();
    const name = fc.oneof(fc.string({ minLength: 1, unit: "grapheme" }), fc.stringMatching(/^[a-z_]{1,20}$/));
    const known =
      /^(_|accept_charges|auth_token|dryRun|filter_\w+|page_size|paginate|pretty|start_key|verb)$/;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...WRITES),
        fc.boolean(),
        name.filter((text) => !known.test(text)),
        async (method, tunnelled, text) => {
          const query = `${encodeURIComponent(text)}=secret-value&dryRun=true`;
          const response = await send(rest, method, query, tunnelled);
          expect(response.statusCode).toBe(400);
          expect(response.json().message).toMatch(
            /^A write has no query parameter .*: it takes "dryRun"\. Nothing was written\.$/,
          );
          expect(response.body).not.toContain("secret-value");
        },
      ),
      { numRuns: cases(200), seed: SEED },
    );
    expect(rest.commits()).toBe(commits);
  });

  test("does not repeat what may be a token", async () => {
    const rest = await openRestApp();
    const response = await send(rest, "PATCH", `${"eyJhbGciOi".repeat(20)}=`, false);
    expect(response.json().message).toBe(
      'A write has no query parameter of that name: it takes "dryRun". Nothing was written.',
    );
    expect(response.body).not.toContain("eyJhbGciOi");
  });
});

test("A dry run that is asked for in the body is refused, and nothing is written", async () => {
  const rest = await openRestApp();
  const commits = rest.commits();
  for (const member of ["dryRun", "dry_run", "DRYRUN"])
    for (const method of ["PUT", "POST", "PATCH"] as const) {
      const response = await send(rest, method, "", false, { [member]: true });
      expect([response.statusCode, response.json().data.pointer]).toEqual([400, `/${member}`]);
      expect(response.json().message).toContain("?dryRun=true");
    }
  expect(rest.commits()).toBe(commits);
});

test("What KAZOO's clients send with every request is passed over", async () => {
  const rest = await openRestApp();
  const query =
    "_=1764489600000&auth_token=x&paginate=false&page_size=50&start_key=a&pretty=true&filter_type=x&accept_charges=true";
  for (const method of WRITES)
    for (const tunnelled of [false, true]) {
      const response = await send(rest, method, query, tunnelled, { accept_charges: true, ui_metadata: {} });
      expect(response.statusCode).toBe(method === "PUT" ? 201 : 200);
      const dry = await send(rest, method, `${query}&dryRun=true`, tunnelled);
      expect(dry.json()).toHaveProperty("impact");
    }
});

test("A read passes over what it does not know, as KAZOO's do", async () => {
  const rest = await openRestApp();
  for (const tunnelled of [false, true])
    expect((await send(rest, "GET", "dry_run=true&anything=1", tunnelled)).statusCode).toBe(200);
});
