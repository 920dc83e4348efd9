import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { temporaryFolder } from "../temporary-folder.js";
import { expectEnvelope } from "./rest-app.js";
import { runCurl, runServer } from "./running-server.js";

/** What KAZOO's documentation shows for the config `conferences` of an account that overrides nothing. */
const INHERITED = {
  entry_tone: "tone_stream://v=-7;>=2;+=.1;%(300,0,523,659);v=-7;>=3;+=.1;%(800,0,659,783)",
  exit_tone: "tone_stream://v=-7;>=2;+=.1;%(300,0,523,440);v=-7;>=3;+=.1;%(800,0,349,440)",
  moderator_entry_tone: "tone_stream://v=-7;>=2;+=.1;%(300,0,523,659);v=-7;>=3;+=.1;%(800,0,659,783)",
  moderator_exit_tone: "tone_stream://v=-7;>=2;+=.1;%(300,0,523,440);v=-7;>=3;+=.1;%(800,0,349,440)",
  number_timeout: 5000,
  pin_timeout: 5000,
  support_name_announcement: true,
  id: "configs_conferences",
};
const CHANGED = { ...INHERITED, entry_tone: "tone_stream://%(1000,0,2600)" };
const PROFILES = [{ PROFILE_NAME: { "max-members": 400, "announce-count": 300 } }];

const CONFIG = "http://{SERVER}:8000/v2/accounts/{ACCOUNT_ID}/configs/{CONFIG_ID}";
const TOKEN = '-H "X-Auth-Token: {AUTH_TOKEN}"';
const DATA_JSON = { change: { data: CHANGED }, profile: { data: { profiles: PROFILES } } };

/** In the documentation's order, each on the state that the one before it left. */
const REQUESTS = [
  ["fetch", `curl -v -X GET \\\n    ${TOKEN} \\\n    ${CONFIG}`, 200, INHERITED],
  ["create", `curl -v -X PUT \\\n    ${TOKEN} \\\n    ${CONFIG}`, 201, INHERITED],
  ["change", `curl -v -X POST \\\n    ${TOKEN} \\\n    -d @change.json \\\n    ${CONFIG}`, 200, CHANGED],
  [
    "create, with a body",
    `curl -v -X PUT \\\n    ${TOKEN} \\\n    -d @change.json \\\n    ${CONFIG}`,
    201,
    CHANGED,
  ],
  ["remove", `curl -v -X DELETE \\\n    ${TOKEN} \\\n    ${CONFIG}`, 200, INHERITED],
  [
    "patch",
    `curl -v -X PATCH \\\n    ${TOKEN} \\\n    -d '{"data":{"pin_timeout":3000}}' \\\n    ${CONFIG}`,
    200,
    { ...INHERITED, pin_timeout: 3000 },
  ],
  [
    "add a profile",
    `curl -v -X PATCH \\\n    ${TOKEN} \\\n    -d @profile.json \\\n    ${CONFIG}`,
    200,
    { ...INHERITED, pin_timeout: 3000, profiles: PROFILES },
  ],
  ["remove, again", `curl -v -X DELETE \\\n    ${TOKEN} \\\n    ${CONFIG}`, 200, INHERITED],
] as const;

test("every curl line of KAZOO's documentation gets the documented answer", async () => {
  const origin = await runServer({ STRATA_EXAMPLES: "off" });
  const folder = temporaryFolder();
  for (const [name, json] of Object.entries(DATA_JSON)) {
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(json, null, 2));
  }
  for (const [id, parentId] of [["root"], ["2f4a9cd0c5e34b1b9f1c0c8a7d6e5f40", "root"]] as const) {
    const query =
      "mutation ($input: CreateAccountInput!) { createAccount(input: $input) { account { id } } }";
    const input = { id, name: id, ...(parentId && { parentId }) };
    const made = await fetch(`${origin}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query, variables: { input } }),
    });
    expect(await made.json()).toEqual({ data: { createAccount: { account: { id } } } });
  }
  const fill = (line: string) =>
    line
      .replaceAll("http://{SERVER}:8000", origin)
      .replaceAll("{ACCOUNT_ID}", "2f4a9cd0c5e34b1b9f1c0c8a7d6e5f40")
      .replaceAll("{CONFIG_ID}", "conferences")
      .replaceAll("{AUTH_TOKEN}", "a-secret-token");
  for (const [name, line, status, data] of REQUESTS) {
    const answer = await runCurl(fill(line), folder);
    expect([name, answer.status]).toEqual([name, status]);
    const body = JSON.parse(answer.body);
    expectEnvelope(body, status);
    expect([name, body.data]).toEqual([name, data]);
    expect(body.request_id).toBe(answer.headers["x-request-id"]);
    expect(body.auth_token).not.toBe("");
    expect(answer.body).not.toContain("a-secret-token");
  }
  const byDefault = await runCurl(fill(REQUESTS[0][1]).replace("/configs/conferences", "/configs"), folder);
  expect(JSON.parse(byDefault.body).data).toEqual({
    max_upload_size: expect.any(Number),
    smtp_max_msg_size: expect.any(Number),
    id: "configs_default",
  });
});

describe("docs/rest.md", () => {
  const page = readFileSync(new URL("../../docs/rest.md", import.meta.url), "utf8");
  const examples = [
    ...page.matchAll(/```sh\n(curl [\s\S]*?)\n```\n\n(?:`(\d{3})[^`]*`[^\n]*\n\n)?```json\n([\s\S]*?)\n```/g),
  ];
  let origin = "";

  beforeAll(() => {
    expect(examples.length).toBeGreaterThanOrEqual(10);
    expect(page.match(/```sh\ncurl/g)).toHaveLength(examples.length);
  });

  test("shows real answers, in its own order, on a first start", async () => {
    origin = await runServer();
    const folder = temporaryFolder();
    for (const [, line = "", status = "200", shown = ""] of examples) {
      const answer = await runCurl(line.replaceAll("http://127.0.0.1:8000", origin), folder);
      expect([line, answer.status]).toEqual([line, Number(status)]);
      expect([line, said(answer.body)]).toEqual([line, said(shown)]);
      expectEnvelope(JSON.parse(answer.body), answer.status);
    }
  });
});

/** Without what is another at every start; the page leaves most of it out. */
function said(text: string): unknown {
  const { timestamp, version, node, request_id, auth_token, ...rest } = JSON.parse(text);
  const { etag, ...data } = rest.data;
  return { ...rest, data };
}
