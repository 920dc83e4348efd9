import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { reloadSchemas } from "../../src/app.js";
import { TestApp } from "../graphql/test-app.js";
import { TOKEN_ACCESS } from "../http/token-access.js";
import { temporaryFolder } from "../temporary-folder.js";
import { askFlags, type FlagAnswer, tokenFor } from "./ask-flags.js";

const keys = (description: string, more = {}) => ({
  type: "object",
  properties: { name: { type: "string", default: "none", description }, size: { type: "integer" }, ...more },
});

function writeSchemas(folder: string, schema: unknown): void {
  for (const side of ["account", "system"])
    writeFileSync(join(folder, `${side}_config.keys.json`), JSON.stringify(schema));
}

async function openApp() {
  const schemas = join(temporaryFolder(), "schemas");
  mkdirSync(schemas);
  writeSchemas(schemas, keys("one"));
  const opened = await TestApp.forTest(undefined, { access: TOKEN_ACCESS, schemas, examples: true });
  const admin = { authorization: `Bearer ${await tokenFor({ superadmin: true })}` };
  const run = async (mutation: string): Promise<void> => {
    const { data, errors } = await opened.client.post({ query: `mutation { done: ${mutation} }` }, admin);
    expect([errors, data]).toEqual([
      undefined,
      { done: { __typename: expect.not.stringMatching(/Rejected|Conflict/) } },
    ]);
  };
  const acme = { authorization: `Bearer ${await tokenFor({ account_id: "acme" })}` };
  const summit = { authorization: `Bearer ${await tokenFor({ account_id: "summit" })}` };
  return { opened, schemas, admin, acme, summit, run };
}

const FOR_ACME = { context: { targetingKey: "acme" } };

/** What a caller gets, which is the same however often it asks, and what it gets for each flag alone. */
async function flagsOf({ app }: TestApp, headers: Record<string, string>): Promise<FlagAnswer[]> {
  const tags = new Set<unknown>();
  const texts = new Set<string>();
  for (let i = 0; i < 4; i++) {
    const { status, body, headers: sent } = await askFlags(app, "", FOR_ACME, headers);
    expect(status).toBe(200);
    tags.add(sent.etag);
    texts.add(JSON.stringify(body.flags));
  }
  expect([tags.size, texts.size]).toEqual([1, 1]);
  const flags: FlagAnswer[] = JSON.parse([...texts][0] ?? "");
  for (const flag of flags) {
    const alone = await askFlags(app, `/${encodeURIComponent(flag.key)}`, FOR_ACME, headers);
    expect(alone.body).toEqual(flag);
  }
  return flags;
}

const valueIn = (flags: FlagAnswer[], key: string) => flags.find((flag) => flag.key === key)?.value;

test("a bulk answer that is kept is never an old one, whatever changes", async () => {
  const { opened, schemas, admin, acme, summit, run } = await openApp();
  const seen = new Set<string>();
  const look = async (name: unknown, size: unknown): Promise<void> => {
    for (const headers of [acme, summit, admin]) {
      const flags = await flagsOf(opened, headers);
      expect([valueIn(flags, "keys:name"), valueIn(flags, "keys:size")]).toEqual([name, size]);
      seen.add(JSON.stringify(flags));
    }
  };
  const patch = (account: string, values: string) =>
    run(`patchConfig(input: { accountId: "${account}", configId: "keys", patch: ${values} }) { __typename }`);
  await look("none", undefined);
  await patch("acme", `{ name: "own" }`);
  await look("own", undefined);
  await run(`patchSystemConfig(input: { configId: "keys", patch: { size: 1 } }) { __typename }`);
  await look("own", 1);
  await patch("summit", `{ size: 2 }`);
  await look("own", 2);
  const locked = `[{ pointer: "/name", kind: LOCK, reason: "One name for all." }]`;
  await run(
    `constrainConfig(input: { accountId: "summit", configId: "keys", set: ${locked} }) { __typename }`,
  );
  await look("none", 2);
  await run(`updateAccount(input: { id: "summit", isReseller: false }) { __typename }`);
  await look("own", 1);
  await run(`updateAccount(input: { id: "summit", isReseller: true }) { __typename }`);
  await look("none", 2);
  writeSchemas(schemas, keys("two", { extra: { type: "string", default: "new" } }));
  await reloadSchemas(opened.app);
  await look("none", 2);
  expect(valueIn(await flagsOf(opened, acme), "keys:extra")).toBe("new");
  await run(`resetConfig(input: { accountId: "acme", configId: "keys" }) { __typename }`);
  await look("none", 2);
  expect(seen.size).toBeGreaterThan(10);
});

test("a bulk answer is kept for those who may see the same, and read anew for the others", async () => {
  const { opened, acme, summit, run } = await openApp();
  await run(
    `patchConfig(input: { accountId: "summit", configId: "keys", patch: { size: 2 } }) { __typename }`,
  );
  const own = await flagsOf(opened, acme);
  const above = await flagsOf(opened, summit);
  const sizeIn = (flags: FlagAnswer[]) => flags.find(({ key }) => key === "keys:size")?.metadata;
  expect(sizeIn(own)).not.toHaveProperty("account");
  expect(sizeIn(above)).toMatchObject({ account: "summit" });
  const globex = { authorization: `Bearer ${await tokenFor({ account_id: "globex" })}` };
  expect((await askFlags(opened.app, "", FOR_ACME, globex)).status).toBe(400);
  const old = { authorization: `Bearer ${await tokenFor({ account_id: "acme", iat: 1_000, exp: 1_600 })}` };
  expect((await askFlags(opened.app, "", FOR_ACME, old)).status).toBe(401);
});

test("a bulk answer that is kept compressed has the address of whoever asks", async () => {
  const opened = await TestApp.forTest(undefined, { access: TOKEN_ACCESS });
  const callers = await Promise.all(
    ["ada", "grace"].map(async (sub) => ({
      sub,
      authorization: `Bearer ${await tokenFor({ account_id: "acme", sub })}`,
    })),
  );
  const unpacked = { gzip: gunzipSync, br: brotliDecompressSync };
  const bodies = new Map<string, string>();
  for (let i = 0; i < 16; i++) {
    const { sub, authorization } = callers[Math.floor(i / 3) % 2] ?? expect.unreachable();
    const coding = i % 2 === 0 ? "gzip" : "br";
    const { statusCode, headers, rawPayload } = await opened.app.inject({
      method: "POST",
      url: "/ofrep/v1/evaluate/flags",
      headers: { host: "strata.example", authorization, "accept-encoding": coding },
    });
    expect([statusCode, headers["content-encoding"]]).toEqual([200, coding]);
    const text = unpacked[coding](rawPayload).toString();
    expect(text === (bodies.get(sub) ?? text)).toBe(true);
    bodies.set(sub, text);
    const ticket = new URL(JSON.parse(text).eventStreams[0].url).searchParams.get("ticket") ?? "";
    expect(JSON.parse(Buffer.from(ticket, "base64url").toString().replace(/\].*/s, "]"))[0]).toBe(sub);
  }
  const [one = "", other = ""] = bodies.values();
  expect(JSON.parse(one).flags).toEqual(JSON.parse(other).flags);
});

test("a bulk answer that is kept takes no read of documents, and one look at the store at most", async () => {
  const { opened, acme } = await openApp();
  for (let i = 0; i < 3; i++) await askFlags(opened.app, "", FOR_ACME, acme);
  const { headers } = await askFlags(opened.app, "", FOR_ACME, acme);
  const before = opened.log.length;
  const known = { ...acme, "if-none-match": String(headers.etag) };
  expect((await askFlags(opened.app, "", FOR_ACME, acme)).status).toBe(200);
  expect((await askFlags(opened.app, "", FOR_ACME, known)).status).toBe(304);
  const lines = opened.log.slice(before).map((line) => JSON.parse(line));
  const calls = lines.filter(({ msg }) => msg === "request").map(({ storeCalls }) => storeCalls);
  expect(calls).toHaveLength(2);
  for (const count of calls) expect(count).toBeLessThanOrEqual(1);
});

test("the answer of an account that is gone, and of the next one of its id, is not that of the first", async () => {
  const { opened, admin, run } = await openApp();
  const target = { context: { targetingKey: "brief" } };
  const ask = () => askFlags(opened.app, "", target, admin);
  const create = `createAccount(input: { id: "brief", name: "Brief", parentId: "acme" }) { __typename }`;
  await run(create);
  await run(
    `patchConfig(input: { accountId: "brief", configId: "keys", patch: { name: "first" } }) { __typename }`,
  );
  for (let i = 0; i < 4; i++) expect(valueIn((await ask()).body.flags, "keys:name")).toBe("first");
  await run(`deleteAccount(input: { id: "brief" }) { __typename }`);
  expect((await ask()).status).toBe(400);
  await run(create);
  for (let i = 0; i < 4; i++) expect(valueIn((await ask()).body.flags, "keys:name")).toBe("none");
});
