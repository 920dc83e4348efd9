import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { isBulkEvaluationSuccessResponse, isEvaluationFailureResponse, OFREPApi } from "ofrep-core-2";
import { afterAll, expect, test } from "vitest";
import { openStrata } from "./strata.js";

// What Strata answers has the types that OpenFeature's own library has for the protocol (`@openfeature/ofrep-core`). Each answer is written
// down as a literal of such a type, so the compiler finds a member that the protocol does not have, as well as one that is missing.

const strata = openStrata();
const origin = () => new URL(strata.url).origin;
/** Where what it imports is found, and what else compiles this folder does not look. */
const FOLDER = new URL("node_modules/.strata-answers/", import.meta.url);

afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

async function ask(path: string, body: unknown, headers: Record<string, string>): Promise<unknown> {
  const response = await fetch(`${origin()}/ofrep/v1/evaluate/flags${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return response.json();
}

async function firstEvent(url: string): Promise<string> {
  const answer = await fetch(url.replace(/since=[^&]*/, "since=another"));
  let text = "";
  for await (const chunk of answer.body ?? []) {
    text += Buffer.from(chunk).toString();
    const [, data] = /^data: (.*)$/m.exec(text) ?? [];
    if (data !== undefined) return data;
  }
  throw new Error("no event came");
}

/** Codes are members of an enum: no text is taken for one. */
function literal(type: string, value: unknown): string {
  const text = JSON.stringify(value).replaceAll(/"errorCode":"(\w+)"/g, '"errorCode":ErrorCode.$1');
  return `({ value: ${text} }) satisfies { value: ${type} };\n`;
}

async function compile(lines: readonly string[]): Promise<string> {
  const file = new URL("ofrep-answers.ts", FOLDER);
  mkdirSync(FOLDER, { recursive: true });
  const types =
    "BulkEvaluationFailureResponse, BulkEvaluationSuccessResponse, EvaluationFailureResponse, EvaluationSuccessResponse, EventStreamMessage";
  const imports = `import { ErrorCode } from "@openfeature/core";\nimport type { ${types} } from "ofrep-core-2";\n`;
  writeFileSync(file, imports + lines.join(""));
  const options =
    "--noEmit --strict --exactOptionalPropertyTypes --skipLibCheck --target es2023 --lib es2023,dom --module esnext --moduleResolution bundler --types node";
  const tsc = new URL("node_modules/.bin/tsc", import.meta.url).pathname;
  const run = promisify(execFile)(tsc, [...options.split(" "), file.pathname]);
  return run.then(
    () => "",
    ({ stdout }: { readonly stdout: string }) => stdout,
  );
}

test("every kind of answer has the type that OpenFeature's library has for it", async () => {
  const headers = { authorization: `Bearer ${await strata.token("acme")}` };
  const bulk = (await ask("", {}, headers)) as { eventStreams: { url: string }[]; flags: { key: string }[] };
  const context = { targetingKey: "globex" };
  const singles = await Promise.all(
    ["conferences", ...bulk.flags.slice(0, 40).map(({ key }) => key)].map((key) =>
      ask(`/${encodeURIComponent(key)}`, {}, headers),
    ),
  );
  const failures = await Promise.all([
    ask("/nope", {}, headers),
    ask("/fax", "{", headers),
    ask("/fax", { context }, headers),
    ask("/%zz", {}, headers),
    ask("/fax", {}, {}),
    ask("/fax", {}, { "x-api-key": await strata.token() }),
  ]);
  const bulkFailures = await Promise.all([
    ask("", "{", headers),
    ask("", { context }, headers),
    ask("?configs=nope", {}, headers),
    ask("", {}, {}),
  ]);
  const event = JSON.parse(await firstEvent(bulk.eventStreams[0]?.url ?? ""));
  const lines = [
    literal("BulkEvaluationSuccessResponse", bulk),
    ...singles.map((answer) => literal("EvaluationSuccessResponse", answer)),
    ...failures.map((answer) => literal("EvaluationFailureResponse", answer)),
    ...bulkFailures.map((answer) => literal("BulkEvaluationFailureResponse", answer)),
    literal("EventStreamMessage", event),
  ];
  expect(isBulkEvaluationSuccessResponse(bulk)).toBe(true);
  expect(failures.every(isEvaluationFailureResponse)).toBe(true);
  expect(singles.some(isEvaluationFailureResponse)).toBe(false);
  expect(await compile(lines)).toBe("");
  const wrong = [
    literal("EvaluationSuccessResponse", { key: "a", value: 1, layer: "SCHEMA" }),
    literal("EvaluationSuccessResponse", { key: "a", metadata: { layer: null } }),
    literal("EvaluationFailureResponse", { key: "a", errorCode: "NO_SUCH_CODE" }),
    literal("BulkEvaluationSuccessResponse", { flags: [], eventStreams: [{ url: "x" }] }),
  ];
  expect((await compile(wrong)).match(/error TS/g)).toHaveLength(wrong.length);
});

test("its client takes what is answered, and tells refusals apart", async () => {
  const api = (token: string) => new OFREPApi({ baseUrl: origin(), headers: [["X-API-Key", token]] });
  const acme = api(await strata.token("acme"));
  const { httpStatus, value, httpResponse } = await acme.postBulkEvaluateFlags();
  expect([httpStatus, isBulkEvaluationSuccessResponse(value)]).toEqual([200, true]);
  const etag = httpResponse?.headers.get("etag") ?? "";
  expect((await acme.postBulkEvaluateFlags({}, etag)).httpStatus).toBe(304);
  expect((await acme.postBulkEvaluateFlags({}, etag, { flagConfigEtag: "another" })).httpStatus).toBe(200);
  expect(await acme.postEvaluateFlag("conferences:nope")).toMatchObject({
    httpStatus: 404,
    value: { errorCode: "FLAG_NOT_FOUND" },
  });
  expect(await acme.postEvaluateFlag("fax", { context: { targetingKey: "globex" } })).toMatchObject({
    httpStatus: 400,
    value: { errorCode: "INVALID_CONTEXT" },
  });
  await expect(api("nonsense").postBulkEvaluateFlags()).rejects.toThrow("unauthorized");
});
