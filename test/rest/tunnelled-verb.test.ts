import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cases, SEED } from "../cases.js";
import { configUrl, expectEnvelope, openRestApp, type RestApp } from "./rest-app.js";

const CONFERENCES = configUrl("leaf", "conferences");
const OWN = { pin_timeout: 8, number_timeout: 9 };
const VERBS = ["GET", "PUT", "POST", "PATCH", "DELETE"] as const;
type Verb = (typeof VERBS)[number];

interface Sent {
  readonly headers?: Record<string, string>;
  readonly query?: string;
  readonly envelope?: Record<string, unknown>;
}

async function send(
  { app }: RestApp,
  method: Verb,
  { headers = {}, query = "", envelope }: Sent,
  url = CONFERENCES,
) {
  const response = await app.inject({
    method,
    url: url + query,
    headers: { "x-request-id": "same", ...headers },
    ...(envelope !== undefined && { payload: envelope }),
  });
  const { date: _date, "content-length": _length, ...told } = response.headers;
  return { status: response.statusCode, headers: told, body: response.payload };
}

/** What comes of a request, in the answer and in the store, on the same state each time. */
async function outcome(rest: RestApp, method: Verb, sent: Sent, url?: string) {
  await rest.services.set("leaf", "conferences", {});
  await rest.services.set("leaf", "conferences", OWN);
  const answer = await send(rest, method, sent, url);
  return { answer, stored: await rest.services.stored("leaf", "conferences") };
}

const anyCase = (verb: Verb) =>
  fc
    .array(fc.boolean(), { minLength: verb.length, maxLength: verb.length })
    .map((upper) => [...verb].map((letter, at) => (upper[at] ? letter : letter.toLowerCase())).join(""));

describe("a POST with a verb", () => {
  test("does and answers exactly what the method does", async () => {
    const rest = await openRestApp();
    const { etag } = await (async () => {
      await rest.services.set("leaf", "conferences", OWN);
      return rest.services.read("leaf", "conferences");
    })();
    const condition = fc.constantFrom<Record<string, string>>(
      {},
      { "if-match": `"${etag}"` },
      { "if-match": '"stale"' },
      { "if-none-match": `"${etag}"` },
      { "if-none-match": '"stale"' },
    );
    const data = fc.constantFrom<unknown>(
      {},
      { pin_timeout: 7 },
      { pin_timeout: null },
      { pin_timeout: "x" },
      1,
    );
    const law = fc.asyncProperty(
      fc.constantFrom(...VERBS).chain((verb) => fc.tuple(fc.constant(verb), anyCase(verb))),
      fc.constantFrom("query", "envelope", "Verb", "both"),
      condition,
      data,
      async ([verb, spelled], place, headers, data) => {
        const real = await outcome(rest, verb, { headers, envelope: { data } });
        const member = place === "query" ? {} : { [place === "Verb" ? "Verb" : "verb"]: spelled };
        const query = place === "query" || place === "both" ? `?verb=${spelled}` : "";
        const tunnelled = await outcome(rest, "POST", { headers, query, envelope: { data, ...member } });
        expect(tunnelled).toEqual(real);
      },
    );
    await fc.assert(law, { seed: SEED, numRuns: cases(75) });
  });

  test.each(["GET", "DELETE"] as const)("%s needs no data, and no body", async (verb) => {
    const rest = await openRestApp();
    const real = await outcome(rest, verb, {});
    expect(real.answer.status).toBe(200);
    expect(await outcome(rest, "POST", { envelope: { verb } })).toEqual(real);
    expect(await outcome(rest, "POST", { query: `?verb=${verb}` })).toEqual(real);
  });

  test("GET takes what a GET takes in its query, and is held to it", async () => {
    const rest = await openRestApp();
    const real = await outcome(rest, "GET", { query: "?provenance=true" });
    expect(real.answer.body).toContain('"provenance"');
    expect(await outcome(rest, "POST", { query: "?provenance=true&verb=get" })).toEqual(real);
    const refused = await outcome(rest, "POST", { query: "?provenance=yes&verb=get" });
    expect(refused).toEqual(await outcome(rest, "GET", { query: "?provenance=yes" }));
    expect(refused.answer.status).toBe(400);
  });

  test("without a body is what the method is without one", async () => {
    const rest = await openRestApp();
    for (const verb of VERBS) {
      const real = await outcome(rest, verb, {});
      expect(await outcome(rest, "POST", { query: `?verb=${verb}` })).toEqual(real);
    }
  });

  test("goes to what takes no POST as well, and is 405 where the method is", async () => {
    const rest = await openRestApp();
    for (const url of ["/v2/accounts/leaf/configs", "/v2/accounts/leaf/configs/", "/v2/openapi.json"]) {
      const real = await send(rest, "GET", {}, url);
      expect(real.status).toBe(200);
      expect(await send(rest, "POST", { query: "?verb=get" }, url)).toEqual(real);
      expect(await send(rest, "POST", { envelope: { data: {}, verb: "Get" } }, url)).toEqual(real);
      for (const verb of ["PUT", "POST", "PATCH", "DELETE"] as const) {
        const refused = await send(rest, verb, { envelope: { data: {} } }, url);
        expect([refused.status, refused.headers.allow]).toEqual([405, "GET, HEAD, OPTIONS"]);
        expect(await send(rest, "POST", { query: `?verb=${verb}`, envelope: { data: {} } }, url)).toEqual(
          refused,
        );
      }
      expect((await send(rest, "POST", { envelope: { verb: "x" } }, url)).status).toBe(400);
    }
  });

  test("that is no method of this face is refused, and nothing is written", async () => {
    const rest = await openRestApp();
    await rest.services.set("leaf", "conferences", OWN);
    const commits = rest.commits();
    const texts = [
      "",
      " PATCH",
      "PATCH ",
      "PAT",
      "HEAD",
      "OPTIONS",
      "TRACE",
      "undefined",
      "delet\u0131",
      "po\u017ft",
    ];
    const values = [...texts, null, 0, true, {}, ["PATCH"], { PATCH: 1 }];
    const sent: Sent[] = [
      ...values.map((verb) => ({ envelope: { data: {}, verb } })),
      ...values.map((verb) => ({ envelope: { data: {}, VERB: verb } })),
      ...texts.map((verb) => ({ query: `?verb=${encodeURIComponent(verb)}`, envelope: { data: {} } })),
      { query: "?verb", envelope: { data: {} } },
      { query: "?verb=PATCH&verb=PATCH", envelope: { data: {} } },
      { query: "?verb=PATCH", envelope: { data: {}, verb: "x" } },
    ];
    for (const each of sent) {
      const { status, body } = await send(rest, "POST", each);
      expect([each, status]).toEqual([each, 400]);
      expectEnvelope(JSON.parse(body), 400);
      expect(JSON.parse(body).message).toMatch(/GET, PUT, POST, PATCH, DELETE/);
    }
    expect(rest.commits()).toBe(commits);
  });

  test("in its query counts before one in its envelope", async () => {
    const rest = await openRestApp();
    const { answer, stored } = await outcome(rest, "POST", {
      query: "?verb=get",
      envelope: { data: {}, verb: "DELETE" },
    });
    expect(answer.status).toBe(200);
    expect(stored).toEqual(OWN);
  });

  test("in data is a setting", async () => {
    const rest = await openRestApp();
    const { answer, stored } = await outcome(rest, "POST", { envelope: { data: { verb: "DELETE" } } });
    expect(answer.status).toBe(400);
    expect(stored).toEqual(OWN);
  });

  test("from a page of another site is refused, whatever the verb", async () => {
    const rest = await openRestApp();
    const headers = { origin: "https://evil.example", "content-type": "application/x-www-form-urlencoded" };
    for (const verb of VERBS) {
      for (const sent of [{ query: `?verb=${verb}` }, { envelope: { data: {}, verb } }]) {
        const { answer, stored } = await outcome(rest, "POST", { headers, ...sent });
        expect(answer.status).toBe(403);
        expect(stored).toEqual(OWN);
      }
    }
  });
});

test.each(["GET", "PUT", "PATCH", "DELETE"] as const)(
  "%s is what it is, whatever verb it brings",
  async (method) => {
    const rest = await openRestApp();
    const data = { pin_timeout: 7 };
    const real = await outcome(rest, method, { envelope: { data } });
    for (const verb of ["DELETE", "GET", "PUT", "x", 5]) {
      expect(await outcome(rest, method, { envelope: { data, verb } })).toEqual(real);
      expect(await outcome(rest, method, { query: `?verb=${verb}`, envelope: { data } })).toEqual(real);
    }
  },
);
