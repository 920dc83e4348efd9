import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pino } from "pino";
import { expect, test } from "vitest";
import { createApp } from "../../src/app.js";
import type { Json, JsonObject } from "../../src/domain/json/json.js";
import { readSettings } from "../../src/env.js";
import { openLmdbStore } from "../../src/store/lmdb/lmdb-store.js";
import { type Ended, strata } from "../archive/strata-process.js";
import { Services, written } from "../service/services.js";
import { schemaFolder, temporaryFolder } from "../temporary-folder.js";

const SCHEMAS = {
  "account_config.phones": {
    type: "object",
    properties: {
      pin_timeout: { type: "integer", default: 3000 },
      max_length: { type: "integer" },
      voicemail: { type: "object", additionalProperties: true },
    },
    if: { properties: { pin_timeout: { minimum: 9000 } }, required: ["pin_timeout"] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { properties: { max_length: { maximum: 3 } } },
  },
  "system_config.phones": {
    type: "object",
    properties: { pin_timeout: { default: 3000 } },
    additionalProperties: true,
  },
};

/** A store with a small tree, a folder of declared documents, and the commands on both. */
class World {
  readonly store = join(temporaryFolder(), "store");
  readonly schemas = schemaFolder(SCHEMAS);
  readonly folder = join(temporaryFolder(), "declared");

  async open<T>(work: (services: Services) => Promise<T>): Promise<T> {
    const store = await openLmdbStore({ folder: this.store });
    try {
      return await work(new Services(store, this.schemas));
    } finally {
      await store.close();
    }
  }

  declare(files: Readonly<Record<string, Json>>): void {
    for (const [file, values] of Object.entries(files)) this.write(file, JSON.stringify(values));
  }

  write(file: string, text: string): void {
    const path = join(this.folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  run(command: "plan" | "apply", ...args: string[]): Promise<Ended> {
    return strata([command, this.folder, "--store", `lmdb:${this.store}`, ...args], {
      STRATA_SCHEMAS: this.schemas,
    });
  }

  stored(accountId: string | undefined): Promise<JsonObject | undefined> {
    return this.open((services) => services.stored(accountId, "phones"));
  }
}

async function grown(): Promise<World> {
  const world = new World();
  await world.open(async (services) => {
    await services.tree(
      ["root"],
      ["umbrella*", "root"],
      ["a", "umbrella"],
      ["b", "umbrella"],
      ["c", "umbrella"],
    );
    await services.set("b", "phones", { pin_timeout: 4000 });
    await services.set("c", "phones", { max_length: 5 });
    await services.set("umbrella", "phones", { voicemail: { mail: "by hand" } });
  });
  return world;
}

test("strata plan tells field by field what a folder changes, and for whom; strata apply makes it so", async () => {
  const world = await grown();
  world.declare({ "umbrella/phones.json": { pin_timeout: 9000 }, "a/phones.json": { pin_timeout: 9000 } });
  const planned = await world.run("plan");
  expect(planned).toMatchObject({ code: 2, errors: "" });
  expect(planned.output).toBe(`umbrella/phones.json
  /pin_timeout  3000 -> 9000  (SCHEMA -> ACCOUNT)
  reaches 3 accounts below: 1 BROKEN, 1 CHANGED, 1 SHIELDED
    BROKEN c
      /pin_timeout  3000 -> 9000  (SCHEMA -> RESELLER)
      /max_length must be <= 3
      the config must match "then" schema
    CHANGED a
      /pin_timeout  3000 -> 9000  (SCHEMA -> RESELLER)

a/phones.json
  /pin_timeout  9000  (RESELLER -> ACCOUNT)

2 documents to write, of 2 declared. 1 account below breaks.
`);
  expect(await world.stored("umbrella")).toEqual({ voicemail: { mail: "by hand" } });
  expect(await world.run("apply")).toMatchObject({ code: 0, errors: "" });
  // What the file does not name is left alone; what is inherited anyway is pinned.
  expect(await world.stored("umbrella")).toEqual({ voicemail: { mail: "by hand" }, pin_timeout: 9000 });
  expect(await world.stored("a")).toEqual({ pin_timeout: 9000 });
  expect(await world.run("plan")).toEqual({
    code: 0,
    output: "Nothing to do: 2 documents as declared.\n",
    errors: "",
  });
  expect(await world.run("apply")).toMatchObject({
    code: 0,
    output: "Nothing to do: 2 documents as declared.\n",
  });
  const revisions = await world.open(async (services) => [
    await services.revision("umbrella", "phones"),
    await services.revision("a", "phones"),
  ]);
  expect(revisions).toEqual([2, 1]);
});

test("strata apply --plan does what was looked at, or what is left of it, and nothing else", async () => {
  const world = await grown();
  world.declare({
    "system/phones.json": { secret: 1, pin_timeout: 5000 },
    "umbrella/phones.json": { max_length: 2 },
  });
  const file = join(world.store, "..", "plan.json");
  expect((await world.run("plan", "--out", file, "--json")).code).toBe(2);
  // Somebody overrides what the system's write would have changed for an account.
  await world.open((services) => services.set("a", "phones", { pin_timeout: 1 }));
  const refused = await world.run("apply", "--plan", file);
  expect(refused.code).toBe(1);
  expect(refused.output).toContain("Nothing was written: the store, the files or the schemas are others");
  expect(await world.stored(undefined)).toBeUndefined();
  const plan = JSON.parse((await world.run("plan", "--out", file, "--json")).output);
  expect(plan.writes.map(({ file }: { file: string }) => file)).toEqual([
    "system/phones.json",
    "umbrella/phones.json",
  ]);
  expect(plan.writes[0].impact).toMatchObject({ total: 5 });
  // As a run that was killed after its first write would leave it.
  await world.open(async (services) => {
    const [first] = plan.writes;
    written(
      await services.write(undefined, "phones", {
        kind: "PATCH",
        patch: first.patch,
        ...(first.pin && { pin: first.pin }),
      }),
    );
  });
  const applied = await world.run("apply", "--plan", file, "--json", "--note", "release 7");
  expect(applied.code).toBe(0);
  expect(JSON.parse(applied.output)).toMatchObject({ written: [plan.writes[1].digest], trouble: null });
  expect((await world.run("plan")).code).toBe(0);
  // The plan has been done: there is nothing left of it.
  expect((await world.run("apply", "--plan", file)).code).toBe(0);
});

test("strata apply --url lets the server write whose embedded store it reads", async () => {
  const world = await grown();
  world.declare({
    "system/phones.json": { pin_timeout: 5000 },
    "a/phones.json": { pin_timeout: 5000 },
    "c/phones.json": {},
  });
  const secret = "0123456789abcdef0123456789abcdef";
  const settings = {
    ...readSettings({
      STRATA_STORE: `lmdb:${world.store}`,
      STRATA_JWT_SECRET: secret,
      STRATA_EXAMPLES: "off",
    }),
    schemas: world.schemas,
  };
  const app = await createApp(settings, pino({ level: "silent" }));
  try {
    const url = await app.listen({ host: "127.0.0.1", port: 0 });
    const apply = (token: string, ...args: string[]) =>
      strata(["apply", world.folder, "--store", `lmdb:${world.store}`, "--url", url, ...args], {
        STRATA_SCHEMAS: world.schemas,
        STRATA_TOKEN: token,
      });
    expect(await world.run("apply")).toMatchObject({ code: 1 });
    expect(await apply("none")).toMatchObject({ code: 1, output: "" });
    const token = await strata(["token", "--superadmin", "--subject", "ci"], { STRATA_JWT_SECRET: secret });
    expect(await apply(token.output.trim(), "--prune")).toMatchObject({ code: 0, errors: "" });
    expect(await world.run("plan", "--prune")).toMatchObject({ code: 0 });
    expect((await apply(token.output.trim())).output).toBe("Nothing to do: 3 documents as declared.\n");
  } finally {
    await app.close();
  }
  expect(await world.stored("a")).toEqual({ pin_timeout: 5000 });
  expect(await world.stored("c")).toBeUndefined();
});

test("strata plan --prune drops what the folders of an account and of the system do not name", async () => {
  const world = await grown();
  world.declare({ "umbrella/phones.json": { max_length: 1, pin_timeout: null }, "c/phones.json": {} });
  await world.run("apply");
  expect(await world.stored("umbrella")).toEqual({ voicemail: { mail: "by hand" }, max_length: 1 });
  expect((await world.run("plan", "--prune")).output).toContain('/voicemail/mail  "by hand" -> (absent)');
  const file = join(world.store, "..", "plan.json");
  await world.run("plan", "--prune", "--out", file);
  expect((await world.run("apply", "--plan", file)).code).toBe(0);
  expect(await world.stored("umbrella")).toEqual({ max_length: 1 });
  expect(await world.stored("c")).toBeUndefined();
  expect(await world.stored("b")).toEqual({ pin_timeout: 4000 });
  expect((await world.run("plan", "--prune")).code).toBe(0);
});

test("strata plan names everything that cannot be as declared, and exits with 1", async () => {
  const world = await grown();
  world.declare({
    "umbrella/phones.json": { pin_timeout: "soon", unknown: 1 },
    "nobody/phones.json": { pin_timeout: 1 },
    "a/other.json": { pin_timeout: 1 },
    "b/phones.json": { pin_timeout: 1 },
    "stray.json": {},
    "not an id/phones.json": {},
    "a/list.json": [],
  });
  world.write("a/broken.json", '{"password": "hunter2",');
  world.write("c/phones.JSON", "{}");
  world.write("c/phones.json", '{"pin_timeout": 1}');
  world.write("a/notes.txt", "passed over");
  world.write("a/large.json", '{"pin_timeout": 1e21}');
  world.write("a/proto.json", '{"x": {"__proto__": 1}}');
  const { code, output } = await world.run("plan");
  expect(code).toBe(1);
  for (const part of [
    "umbrella/phones.json\n  refused: It cannot be written like that.\n",
    "  /pin_timeout must be integer\n",
    "  /unknown is a system-wide setting; an account cannot set it",
    "nobody/phones.json\n  refused: There is no account nobody.",
    'a/other.json\n  refused: There is no config "other"',
    "stray.json\n  refused: It belongs into the folder of its account",
    "not an id\n  refused: The folder's name is no account id.",
    "a/list.json\n  refused: It has to hold one JSON object",
    "a/broken.json\n  refused: It is not JSON: line 1, column 24.",
    'a/proto.json\n  refused: The JSON given, at "/x/__proto__"',
    'a/large.json\n  refused: The JSON given, at "/pin_timeout"',
    "c/phones.json\n  refused: c/phones.JSON declares the same document.",
    "10 documents cannot be as declared",
  ])
    expect(output).toContain(part);
  expect(output).not.toContain("hunter2");
  expect(output).not.toContain("notes.txt");
  expect((await world.run("apply")).code).toBe(1);
  expect(await world.stored("b")).toEqual({ pin_timeout: 4000 });
  const file = join(world.folder, "none", "plan.json");
  expect((await world.run("plan", "--out", file)).errors).toBe(
    `The file of --out, ${file}, cannot be written (ENOENT).\n`,
  );
  expect(await strata(["plan"])).toMatchObject({ code: 1 });
  expect(await strata(["plan", world.folder, "--accounts", "many"])).toMatchObject({ code: 1 });
  expect(await strata(["apply"])).toMatchObject({ code: 2 });
});

test("what a constraint keeps out of force is told, and an inherited value that is locked is not pinned", async () => {
  const world = await grown();
  await world.open(async (services) => {
    await services.set("a", "phones", { max_length: 2 });
    await services.patch("umbrella", "phones", { max_length: 9 });
    const lock = (pointer: string) => ({ pointer, kind: "LOCK", reason: "one for all" }) as const;
    written(
      await services.write("umbrella", "phones", {
        kind: "CONSTRAIN",
        set: [lock("/pin_timeout"), lock("/max_length")],
        remove: [],
      }),
    );
  });
  world.declare({ "a/phones.json": { pin_timeout: 3000, max_length: 2 } });
  const { code, output } = await world.run("plan");
  expect(output).toContain(
    "/max_length is stored and not in force: RESELLER has a constraint there: one for all",
  );
  expect(code).toBe(0);
  world.declare({ "a/phones.json": { pin_timeout: 1 } });
  const refused = await world.run("plan");
  expect(refused.code).toBe(1);
  expect(refused.output).toContain("/pin_timeout is locked by the reseller: one for all");
});
