import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { loadSchemaRegistry } from "../../src/schema/schema-registry.js";
import { processorTime, processorTimeOf } from "../fair-time.js";
import { openTestStore, testStoreSettings } from "../store/test-store.js";
import { temporaryFolder } from "../temporary-folder.js";
import { ChangingFolder, ReloadedApp } from "./reloaded-app.js";

const integer = (rest: object = {}) => ({ type: "integer", ...rest });
const withMembers = (properties: object) => ({ type: "object", properties });
const CONFIG = `query ($id: ID!) { config(accountId: "leaf", configId: $id) { values problems { pointer keyword source } } }`;

async function open(files: Record<string, object>) {
  const folder = new ChangingFolder(files);
  const app = await ReloadedApp.open(folder.path);
  await app.plant();
  return { folder, app, config: async (id = "x") => JSON.parse(await app.ask(CONFIG, { id })).data?.config };
}

describe("a reload", () => {
  test("changes all that is told of a config: defaults, what is visible, problems, schemas, on both faces", async () => {
    const { folder, app, config } = await open({
      "account_config.x": withMembers({ a: integer({ default: 1 }), b: integer() }),
    });
    await app.patch("leaf", "x", { b: 7 });
    // Compiled and cached by now.
    for (let times = 0; times < 5; times++)
      expect(await config()).toEqual({ values: { a: 1, b: 7 }, problems: [] });
    folder.write({
      "account_config.x": withMembers({ b: integer({ maximum: 5 }), c: integer({ default: 3 }) }),
    });
    expect(await config()).toMatchObject({ values: { a: 1, b: 7 } });

    expect(await app.reload()).toMatchObject({ outcome: "replaced", added: [], removed: [], changed: ["x"] });

    const problems = [{ pointer: "/b", keyword: "maximum", source: "ACCOUNT" }];
    for (let times = 0; times < 5; times++)
      expect(await config()).toEqual({ values: { b: 7, c: 3 }, problems });
    expect(await app.ask(`{ configSchemas { configId defaults } }`)).toContain(`"defaults":{"c":3}`);
    expect((await app.rest("/accounts/leaf/configs/x")).data).toMatchObject({ b: 7, c: 3 });
    expect(await app.patch("leaf", "x", { b: 9 })).toContain(`"maximum"`);
    expect(await app.patch("leaf", "x", { a: 1 })).toContain(`"unknown"`);
  });

  test("adds configs and removes those whose files are gone; the page says how many there are", async () => {
    const { folder, app, config } = await open({
      "account_config.x": withMembers({ a: integer() }),
      "account_config.y": withMembers({ a: integer() }),
    });
    const page = async () =>
      (await app.app.inject({ url: "/", headers: { accept: "text/html", host: "127.0.0.1" } })).body;
    folder.write({
      "account_config.y": undefined,
      "account_config.z": withMembers({ a: integer({ default: 1 }) }),
      "system_config.w": withMembers({}),
    });
    expect(await app.reload()).toMatchObject({
      outcome: "replaced",
      added: ["w", "z"],
      removed: ["y"],
      changed: [],
    });
    expect(await config("z")).toMatchObject({ values: { a: 1 } });
    expect(await app.ask(CONFIG, { id: "y" })).toContain("CONFIG_NOT_FOUND");
    expect(await page()).toContain("serves 3 configs");
    expect(app.logged("schemas reloaded")).toMatchObject([
      { added: ["w", "z"], removed: ["y"], changed: [], configs: 3 },
    ]);
  });

  test("is refused whole where a schema that is served would be lost, and the log names the file and why", async () => {
    const { folder, app, config } = await open({
      "account_config.x": withMembers({ a: integer({ default: 1 }) }),
      "system_config.x": withMembers({ a: integer({ default: 1 }) }),
      "account_config.y": { $ref: "shared" },
      shared: withMembers({ a: integer({ default: 1 }) }),
    });
    const digest = await app.metric("strata_schemas_info");
    folder.write({
      "account_config.x": '{"type": "object", "prop',
      "system_config.x": withMembers({ a: integer({ default: 2 }) }),
      shared: undefined,
    });

    expect(await app.reload()).toMatchObject({
      outcome: "refused",
      lost: [{ file: "account_config.x.json" }, { file: "account_config.y.json" }],
    });

    expect(await config()).toMatchObject({ values: { a: 1 } });
    expect(await config("y")).toMatchObject({ values: { a: 1 } });
    const [line] = app.logged("schemas not reloaded: those that were loaded before stay in force");
    expect(line).toMatchObject({
      level: 50,
      lost: [
        { file: "account_config.x.json", reasons: [{ pointer: "", reason: expect.any(String) }] },
        {
          file: "account_config.y.json",
          reasons: [{ pointer: "/$ref", reason: expect.stringContaining("shared") }],
        },
      ],
    });
    expect(await app.metric("strata_schema_last_reload_successful")).toBe("0");
    expect(await app.metric("strata_schemas_info")).toBe(digest);

    folder.write({
      "account_config.x": withMembers({ a: integer() }),
      shared: withMembers({ a: integer({ default: 4 }) }),
    });
    expect(await app.reload()).toMatchObject({ outcome: "replaced", changed: ["x", "y"] });
    expect(await config()).toMatchObject({ values: { a: 2 } });
    expect(await config("y")).toMatchObject({ values: { a: 4 } });
    expect(await app.metric("strata_schema_last_reload_successful")).toBe("1");
    expect(await app.metric('strata_schema_reloads_total{outcome="refused"}')).toBe("1");
  });

  test("is refused where the folder is gone or empty; a new file that is broken costs nobody anything", async () => {
    const { folder, app, config } = await open({
      "account_config.x": withMembers({ a: integer({ default: 1 }) }),
    });
    folder.write({ "account_config.y": "{" });
    expect(await app.reload()).toMatchObject({ outcome: "replaced", added: [], removed: [], changed: [] });
    expect(app.logged("schema file not served")).toMatchObject([{ file: "account_config.y.json" }]);
    folder.write({ "account_config.x": undefined, "account_config.y": undefined });
    expect(await app.reload()).toMatchObject({
      outcome: "refused",
      reason: expect.stringContaining("holds no usable"),
    });
    expect(await config()).toMatchObject({ values: { a: 1 } });
    expect((await app.app.inject("/health/ready")).statusCode).toBe(200);
  });

  test("of a folder that has not changed changes nothing", async () => {
    const { folder, app } = await open({ "account_config.x": withMembers({}) });
    folder.write({ "account_config.x": withMembers({}) });
    expect(await app.reload()).toEqual({ outcome: "unchanged" });
  });
});

describe("while schemas are replaced", () => {
  test("the event loop is not held: others have their turn between the files", async () => {
    const files = (round: number) =>
      Object.fromEntries(
        Array.from({ length: 40 }, (_, number) => {
          const members = Array.from({ length: 60 }, (_, i) => [
            `a${i}`,
            integer({ default: i + number + round, maximum: 1_000 }),
          ]);
          return [`account_config.c${number}`, withMembers(Object.fromEntries(members))];
        }),
      );
    const folder = new ChangingFolder({ "account_config.x": withMembers({}) });
    const app = await ReloadedApp.open(folder.path);
    const longest: number[] = [];
    // A collection of garbage may fall into one of them.
    for (let round = 0; round < 3; round++) {
      folder.write(files(round));
      longest.push(
        await longestTurn(async () => expect(await app.reload()).toMatchObject({ outcome: "replaced" })),
      );
    }
    const whole = processorTime(() => loadSchemaRegistry(folder.path));
    expect(Math.min(...longest)).toBeLessThan(whole / 2);
  });

  const low = withMembers({ a: { type: "integer", maximum: 5, default: 0 } });
  const high = withMembers({ a: { type: "integer", minimum: 10, default: 10 } });

  test("each query, and each write, answers under one of them, however long the request takes", async () => {
    const open = (value: number) => withMembers({ a: integer({ default: value }), b: integer() });
    const folder = new ChangingFolder({ "account_config.x": open(0) });
    const app = await ReloadedApp.open(folder.path);
    await app.plant();
    const written = (number: number) =>
      `w${number}: patchConfig(input: { accountId: "leaf", configId: "x", patch: { b: ${number} } }) { ... on ConfigWritten { config { values } } }`;
    const writes = `mutation { ${[1, 2, 3, 4, 5, 6, 7, 8].map(written).join(" ")} }`;
    const reads = `{ account(id: "leaf") { config(configId: "x") { values } } configSchemas { defaults } }`;
    const answers = new Set<string>();
    let isOver = false;
    const asker = async (query: string) => {
      while (!isOver) answers.add(await app.ask(query));
    };
    const askers = [asker(writes), asker(reads)];
    for (let times = 1; times <= 20; times++) {
      folder.write({ "account_config.x": open(times % 2) });
      expect(await app.reload()).toMatchObject({ outcome: "replaced" });
    }
    isOver = true;
    await Promise.all(askers);
    // The writes of one request come one after the other, each under the schemas of its own moment.
    const parts = [...answers].flatMap((answer) => answer.split(/,(?="w\d":)/));
    const told = parts.map((part) => [...new Set(part.match(/"a":\d+/g))].join());
    expect(new Set(told)).toEqual(new Set([`"a":0`, `"a":1`]));
  });

  test("each write is decided under one of them, and its commit says under which", async () => {
    const data = join(temporaryFolder(), "data");
    const folder = new ChangingFolder({ "account_config.x": low });
    const app = await ReloadedApp.open(folder.path, { store: testStoreSettings(data) });
    await app.plant();
    let isOver = false;
    const writer = async (accountId: string, values: readonly number[]) => {
      for (let turn = 0; !isOver; turn++)
        await app.patch(accountId, "x", { a: values[turn % values.length] });
    };
    const writers = [writer("root", [1, 11, 2, 12]), writer("leaf", [12, 3, 13, 4])];
    const maxima = new Map<string, boolean>();
    for (let times = 0; times < 12; times++) {
      folder.write({ "account_config.x": times % 2 ? low : high });
      const made = await app.reload();
      if (made.outcome !== "replaced") throw new Error(made.outcome);
      maxima.set(made.registry.digest, times % 2 === 1);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    isOver = true;
    await Promise.all(writers);
    await app.app.close();
    const store = await openTestStore(data);
    const key = { accountId: "leaf", configId: "x" };
    const { revisions } = await store.history({ key, limit: 1_000, bytes: 2 ** 24 });
    await store.close();
    const kinds = new Set<boolean>();
    for (const { schema = "", override } of revisions) {
      const isLow = maxima.get(schema);
      // The first registry has the digest of each later one with the same files.
      if (isLow === undefined) throw new Error("a commit under a registry that never was");
      kinds.add(isLow);
      if (override !== undefined) expect(Number(override.a) <= 5).toBe(isLow);
    }
    expect(kinds.size).toBe(2);
  });
});

/** Milliseconds of the processor that the longest turn of the event loop took while something was done. */
async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  const turns: number[] = [];
  let isOver = false;
  const turn = async () => {
    while (!isOver) turns.push(await processorTimeOf(() => setImmediate()));
  };
  const turning = turn();
  await work();
  await setImmediate();
  isOver = true;
  await turning;
  return Math.max(...turns);
}
