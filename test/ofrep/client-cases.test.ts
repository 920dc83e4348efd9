import { beforeAll, describe, expect, test } from "vitest";
import { FLAGS, FlagSender, type Sent, sized } from "./flag-sender.js";
import { faultsOf } from "./protocol-shapes.js";

// What authors of clients do otherwise than the SDKs, or get wrong.

const sender = FlagSender.forFile();
const send = (path: string, sent?: Sent) => sender.send(path, sent);
const CHUNKED = { "transfer-encoding": "chunked" };

describe("a body", () => {
  const JSON_BODY = '{"context":{"targetingKey":"acme"}}';

  test.each<[string, Sent]>([
    ["that is not there, with no word of it", {}],
    ["that is empty, and said so", { headers: { "content-length": "0" } }],
    ["that is empty, in chunks", { headers: CHUNKED }],
    [
      "that is empty, of a type that is not taken",
      { headers: { "content-length": "0", "content-type": "text/html" } },
    ],
    ["that is empty, of no type that there is", { headers: { ...CHUNKED, "content-type": "nonsense" } }],
    ["of JSON and no type", sized(JSON_BODY)],
    ["of JSON and no type, in chunks", { body: JSON_BODY, headers: CHUNKED }],
    ["of JSON, with parameters", sized(JSON_BODY, { "content-type": "Application/JSON; Charset=UTF-8" })],
    ["as curl sends it", sized(JSON_BODY, { "content-type": "application/x-www-form-urlencoded" })],
    ["of an empty object", sized("{}")],
    ["of no context", sized('{"context":null}')],
    ["that starts with a mark", sized(Buffer.from(`\ufeff${JSON_BODY}`))],
  ])("is taken: one %s", async (_what, sent) => {
    for (const path of [FLAGS, `${FLAGS}/other:size`])
      expect([path, (await send(path, sent)).status]).toEqual([path, 200]);
  });

  test.each<[string, Sent, number, string]>([
    [
      "of a browser's plain text",
      sized("{}", { "content-type": "text/plain;charset=UTF-8" }),
      400,
      "PARSE_ERROR",
    ],
    ["of XML", sized("<a/>", { "content-type": "application/xml" }), 415, "PARSE_ERROR"],
    [
      "of another charset",
      sized("{}", { "content-type": "application/json; charset=utf-16" }),
      415,
      "PARSE_ERROR",
    ],
    ["that is compressed", sized("{}", { "content-encoding": "gzip" }), 415, "GENERAL"],
    ["that ends early", sized('{"context":'), 400, "PARSE_ERROR"],
    ["of white space", sized(" \n"), 400, "PARSE_ERROR"],
    ["of two", sized("{}{}"), 400, "PARSE_ERROR"],
    ["of null", sized("null"), 200, ""],
    ["of a number", sized("5"), 400, "PARSE_ERROR"],
    ["of a list", sized("[]"), 400, "PARSE_ERROR"],
    ["of a context that is text", sized('{"context":"acme"}'), 400, "INVALID_CONTEXT"],
    ["of a context that is a list", sized('{"context":["acme"]}'), 400, "INVALID_CONTEXT"],
    ["of a context that is false", sized('{"context":false}'), 400, "INVALID_CONTEXT"],
    ["of a key that is a number", sized('{"context":{"targetingKey":5}}'), 400, "INVALID_CONTEXT"],
    ["of a key that is 0", sized('{"context":{"targetingKey":0}}'), 400, "INVALID_CONTEXT"],
    ["of a key that is false", sized('{"context":{"targetingKey":false}}'), 400, "INVALID_CONTEXT"],
    ["of a key that is a list", sized('{"context":{"targetingKey":["acme"]}}'), 400, "INVALID_CONTEXT"],
    ["of a key with spaces", sized('{"context":{"targetingKey":" acme"}}'), 400, "INVALID_CONTEXT"],
    ["of a key that is null", sized('{"context":{"targetingKey":null}}'), 200, ""],
    ["over the limit", sized("x".repeat(2 ** 20 + 1)), 413, "PARSE_ERROR"],
    ["over the limit, in chunks", { body: "x".repeat(2 ** 20 + 1), headers: CHUNKED }, 413, "PARSE_ERROR"],
  ])("%s has its own answer", async (_what, sent, status, errorCode) => {
    for (const path of [FLAGS, `${FLAGS}/other:size`]) {
      const answer = await send(path, sent);
      expect([path, answer.status]).toEqual([path, status]);
      if (status === 200) continue;
      expect(answer.body).toEqual({
        ...(path !== FLAGS && { key: "other:size" }),
        errorCode,
        errorDetails: expect.stringMatching(/^[A-Z].{10,}\.$/),
      });
    }
  });
});

describe("the condition of a bulk request", () => {
  const conditional = (condition: string | string[], coding?: string) =>
    send(FLAGS, {
      headers: { "if-none-match": condition, ...(coding !== undefined && { "accept-encoding": coding }) },
    });

  beforeAll(async () => {
    // Long enough to be compressed.
    const data = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`setting${index}`, index]));
    await sender.put(data);
  });

  test.each([
    ["identity", undefined],
    ["gzip", "gzip"],
    ["br", "br"],
    ["gzip;q=0.5, br", "br"],
    ["gzip, deflate, br, zstd", "br"],
    ["*", "br"],
    ["br;q=0, gzip", "gzip"],
  ])("holds for the tag of what was sent as %s, whatever is accepted now", async (accepted, coding) => {
    const first = await send(FLAGS, { headers: { "accept-encoding": accepted } });
    expect([first.status, first.headers["content-encoding"]]).toEqual([200, coding]);
    const tag = String(first.headers.etag);
    expect(tag).toMatch(coding === undefined ? /^"[\w-]{27}"$/ : new RegExp(`^"[\\w-]{27}\\.${coding}"$`));
    for (const now of [accepted, "gzip", undefined]) {
      const { status, headers, bytes } = await conditional(tag, now);
      expect([status, headers.etag, bytes.length]).toEqual([304, tag, 0]);
      for (const name of ["content-encoding", "content-type", "content-length"])
        expect(headers).not.toHaveProperty(name);
      expect(headers.vary).toContain("Accept-Encoding");
    }
  });

  test("holds in every way in which a tag can be named", async () => {
    const tag = String((await send(FLAGS)).headers.etag);
    const bare = tag.slice(1, -1);
    for (const named of [
      tag,
      `W/${tag}`,
      ` ${tag} `,
      `"a", ${tag}`,
      `"a",${tag},"b"`,
      `W/"a", W/${tag}`,
      ["*"],
      " * ",
      // The protocol's own example has no quotes.
      bare,
      ` ${bare}.gzip`,
      `"${bare}.br"`,
    ])
      expect([named, (await conditional(named)).status]).toEqual([named, 304]);
    expect((await conditional(['"a"', tag])).status).toBe(304);
    for (const named of [
      "",
      '"a"',
      '""',
      `"${bare}x"`,
      `"x${bare}"`,
      `"${bare}.zip"`,
      `${bare}, a`,
      '"*"',
      "abc123xyz",
      `"${bare}`,
    ])
      expect([named, (await conditional(named)).status]).toEqual([named, 200]);
  });

  test("says nothing for one setting, of another account, or of other configs", async () => {
    const tag = String((await send(FLAGS)).headers.etag);
    const headers = { "if-none-match": tag };
    expect((await send(`${FLAGS}/other:size`, { headers })).status).toBe(200);
    expect((await send(`${FLAGS}?configs=other`, { headers })).status).toBe(200);
    const berlin = '{"context":{"targetingKey":"acme-berlin"}}';
    const other = { "content-length": String(berlin.length), ...headers };
    expect((await send(FLAGS, { headers: other, body: berlin })).status).toBe(200);
    expect((await send(FLAGS, { headers, token: null })).status).toBe(401);
  });
});

describe("the key in a path", () => {
  const NAMES = [
    "a.b",
    "a/b",
    "a~b",
    "~1",
    "~",
    "",
    ".",
    "..",
    "ü",
    "日本",
    "😀",
    "a b",
    "%41",
    "50%",
    "a?b",
    "a#b",
    "a:b",
    "a\\b",
    "a+b",
    "&",
    '"',
    "'",
    "<script>",
    "e\u0301",
    "\u202e",
    "\u0001",
    "toString",
    "0",
  ];

  test("names a setting of any name, and the one in it", async () => {
    await sender.put(Object.fromEntries(NAMES.map((name, index) => [name, { [name]: index }])));
    const { flags } = (await send(`${FLAGS}?configs=open`)).body as {
      flags: { key: string; value: number }[];
    };
    expect(flags.map(({ value }) => value).sort((a, b) => a - b)).toEqual(NAMES.map((_, index) => index));
    for (const flag of flags) {
      const alone = await send(`${FLAGS}/${encodeURIComponent(flag.key)}`);
      expect([flag.key, alone.status, alone.body]).toEqual([flag.key, 200, flag]);
      const open = await send(`${FLAGS}/${encodeURI(flag.key).replace(/[?#]/g, encodeURIComponent)}`);
      expect(open.body).toEqual(flag);
      const lower = encodeURIComponent(flag.key).replace(/%../g, (code) => code.toLowerCase());
      expect((await send(`${FLAGS}/${lower}?x=1`)).body).toEqual(flag);
    }
  });

  test.each(["%", "open:%", "open:50%", "open:%zz", "open:%c3", "open:%ff", "open:%ed%a0%80", "%E0%A4%A"])(
    "is told apart from one that is not there where it is not encoded as it should be: %s",
    async (key) => {
      const { status, body } = await send(`${FLAGS}/${key}`);
      expect([status, body, faultsOf("evaluationFailure", body)]).toEqual([
        400,
        { key, errorCode: "PARSE_ERROR", errorDetails: expect.stringContaining("percent-encoded") },
        [],
      ]);
      expect((await send(`${FLAGS}/${key}`, { token: null })).status).toBe(401);
    },
  );

  test.each(["/", "/other:size/", "//other:size", "/other:size/x", "/other:", "/:size", "/other%3A%3Asize"])(
    "names nothing: %s",
    async (path) => {
      const { status, body } = await send(`${FLAGS}${path}`);
      expect([status, body]).toEqual([
        404,
        {
          key: decodeURIComponent(path.slice(1)),
          errorCode: "FLAG_NOT_FOUND",
          errorDetails: expect.any(String),
        },
      ]);
    },
  );

  test("that is empty is told how to ask for all", async () => {
    const { body } = await send(`${FLAGS}/`);
    expect(body).toMatchObject({ errorDetails: expect.stringContaining("without the slash") });
  });

  test("may follow the slash that a base URL ends with", async () => {
    expect((await send(`/${FLAGS}/other:size`)).status).toBe(200);
    expect((await send(`/${FLAGS}`)).status).toBe(200);
  });
});

describe("the configs that a bulk request names", () => {
  const keysOf = async (query: string) => {
    const { status, body } = await send(`${FLAGS}${query}`);
    expect([query, status]).toEqual([query, 200]);
    return [
      ...new Set((body as { flags: { key: string }[] }).flags.map(({ key }) => key.split(":", 1).join())),
    ];
  };

  test("may be none, several, each more than once, and have spaces around them", async () => {
    await sender.put({ a: 1 });
    const all = await keysOf("");
    expect(all).toEqual(["open", "other"]);
    for (const query of [
      "?",
      "?configs",
      "?configs=",
      "?configs=,",
      "?configs=%20,%20",
      "?x=1",
      "?Configs=nope",
    ])
      expect([query, await keysOf(query)]).toEqual([query, all]);
    for (const query of [
      "?configs=other",
      "?configs=other,",
      "?configs=,other,other",
      "?configs=other&configs=other",
      "?configs=%20other%20",
      "?configs=+other",
      "?configs=other%09",
      "?configs=&configs=other",
      "?c%6Fnfigs=%6Fther",
    ])
      expect([query, await keysOf(query)]).toEqual([query, ["other"]]);
    for (const query of ["?configs=other,open", "?configs=other%2C%20open", "?configs=other&configs=open"])
      expect([query, await keysOf(query)]).toEqual([query, ["other", "open"]]);
  });

  test.each([
    ["nope", "GENERAL", "There is no config"],
    ["other,nope", "GENERAL", "There is no config"],
    ["Other", "GENERAL", "There is no config"],
    ["__proto__", "GENERAL", "There is no config"],
    ["system_config.open", "GENERAL", "There is no config"],
    ["oth%20er", "PARSE_ERROR", "Not a config id"],
    ["other;open", "PARSE_ERROR", "Not a config id"],
    ["other|open", "PARSE_ERROR", "Not a config id"],
    ["%00", "PARSE_ERROR", "Not a config id"],
    ["%", "PARSE_ERROR", "Not a config id"],
    ["..", "PARSE_ERROR", "Not a config id"],
  ])("are refused where there is none of them: %s", async (configs, errorCode, words) => {
    const { status, body } = await send(`${FLAGS}?configs=${configs}`);
    expect([status, body, faultsOf("bulkEvaluationFailure", body)]).toEqual([
      400,
      { errorCode, errorDetails: expect.stringContaining(words) },
      [],
    ]);
  });
});

describe("another method", () => {
  test.each([
    [FLAGS, undefined, "POST, OPTIONS"],
    [`${FLAGS}/other:size`, "other:size", "POST, OPTIONS"],
    [`${FLAGS}/%zz`, "%zz", "POST, OPTIONS"],
    [`${FLAGS}/`, "", "POST, OPTIONS"],
    ["/ofrep/v1/event-stream", undefined, "GET, HEAD, OPTIONS"],
  ])("is told which are taken, whatever comes with it: %s", async (path, key, allow) => {
    for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "QUERY"].filter(isNotIn(allow)))
      for (const sent of [{}, { token: null }, sized("no JSON", { "content-type": "text/csv" })]) {
        const { status, headers, body } = await send(path, { ...sent, method });
        expect([method, status, headers.allow]).toEqual([method, 405, allow]);
        const refusal = {
          ...(key !== undefined && { key }),
          errorCode: "GENERAL",
          errorDetails: `This takes ${allow}.`,
        };
        expect(body).toEqual(method === "HEAD" ? undefined : refusal);
      }
    const { status, headers, bytes } = await send(path, { method: "OPTIONS", token: null });
    expect([status, headers.allow, bytes.length]).toEqual([204, allow, 0]);
  });
});

function isNotIn(allow: string): (method: string) => boolean {
  return (method) => !allow.split(", ").includes(method);
}
