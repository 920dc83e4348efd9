import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { documentsIn } from "../../src/kazoo-import/couch-documents.js";
import { importKazoo } from "../../src/kazoo-import/import-kazoo.js";
import { type ImportReport, REASONS, reportText } from "../../src/kazoo-import/import-report.js";
import { KazooDocuments } from "../../src/kazoo-import/kazoo-documents.js";
import { Services } from "../service/services.js";
import { openTestStore } from "../store/test-store.js";
import { schemaFolder, temporaryFolder } from "../temporary-folder.js";

const SCHEMAS = {
  "account_config.x": {
    type: "object",
    properties: {
      a: { type: "integer" },
      o: { type: "object", properties: { p: { type: "integer" }, q: {} }, required: ["q"] },
      l: { type: "array", items: { type: "integer" } },
    },
  },
  "system_config.x": { type: "object", properties: { secret: {}, a: { default: 1 } } },
  "account_config.strict": { type: "object", properties: { a: {}, b: {} }, dependentRequired: { b: ["a"] } },
  "account_config.open": { type: "object", additionalProperties: true },
  "account_config.named": { type: "object", properties: { ui_metadata: {}, id: {}, _own: {} } },
};

const ROOT = { _id: "root", pvt_type: "account", name: "Root", pvt_tree: [] };
const account = (id: string, ancestors: readonly unknown[], more: object = {}) => ({
  _id: id,
  pvt_type: "account",
  name: `Account ${id}`,
  pvt_tree: ancestors,
  ...more,
});
const config = (accountId: string, configId: string, values: object) => ({
  _id: `configs_${configId}`,
  pvt_type: "account_config",
  pvt_account_id: accountId,
  ...values,
});
const system = (configId: string, sections: object) => ({ _id: configId, pvt_type: "config", ...sections });

function folderOf(files: Readonly<Record<string, unknown>>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
  }
  return folder;
}

class Trial {
  private constructor(readonly services: Services) {}

  static async open(): Promise<Trial> {
    return new Trial(new Services(await openTestStore(), schemaFolder(SCHEMAS)));
  }

  async run(files: Readonly<Record<string, unknown>>): Promise<ImportReport> {
    const found = new KazooDocuments();
    for await (const document of documentsIn(folderOf(files))) found.add(document);
    return importKazoo(found, this.services, { applied: true });
  }
}

const places = ({ leftOut }: ImportReport) =>
  leftOut.map(({ reason, pointer }) => `${reason} ${pointer}`).sort();

describe("documents", () => {
  test("are read through links, and a link that leads nowhere is reported", async () => {
    const elsewhere = folderOf({ "root.txt": ROOT });
    const folder = folderOf({ "a.json": account("a", ["root"]) });
    symlinkSync(join(elsewhere, "root.txt"), join(folder, "root.json"));
    symlinkSync("/nowhere", join(folder, "lost.json"));
    const found = [];
    for await (const document of documentsIn(folder)) found.push(document);
    expect(found).toMatchObject([
      { file: "a.json", id: "a" },
      { file: "lost.json", trouble: "The file cannot be read (ENOENT)." },
      { file: "root.json", id: "root" },
    ]);
  });

  test("come one a file, in a list, or as CouchDB answers; a mark of their order at the start is passed over", async () => {
    const docs = [ROOT, account("a", ["root"])];
    const shapes: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
      ["one a file", { "1.json": docs[0], "deep/er/2.JSON": docs[1] }],
      ["a list", { "1.json": docs }],
      [
        "rows",
        { "1.json": { total_rows: 2, rows: docs.map((doc) => ({ id: doc._id, key: doc._id, doc })) } },
      ],
      ["docs", { "1.json": { docs } }],
      [
        "results",
        { "1.json": { results: docs.map((doc) => ({ seq: "1-x", id: doc._id, doc })), last_seq: "2" } },
      ],
      ["with a byte order mark", { "1.json": `\ufeff${JSON.stringify(docs)}` }],
    ];
    for (const [name, files] of shapes) {
      const report = await (await Trial.open()).run(files);
      expect([name, report.accounts, report.leftOut]).toEqual([name, { created: 2, kept: 0 }, []]);
    }
  });

  test("that are none are told, with their file and without their content", async () => {
    const trial = await Trial.open();
    const report = await trial.run({
      "1.json": ROOT,
      "2.json": '{"password": "s3same"',
      "3.json": "null",
      "4.json": {
        rows: [
          { id: "a", key: "a", value: { rev: "1-x" } },
          { key: "b", error: "not_found" },
        ],
      },
      "5.json": [{ pvt_type: "account" }, 5],
      "6.txt": "{",
    });
    expect(report.leftOut.map(({ file, reason }) => [file, reason])).toEqual([
      ["2.json", "document"],
      ["3.json", "document"],
      ["4.json", "document"],
      ["5.json", "document"],
      ["5.json", "document"],
    ]);
    expect(report.leftOut[2]?.message).toContain("include_docs=true");
    expect(JSON.stringify(report)).not.toContain("s3same");
    expect(report.accounts.created).toBe(1);
  });

  test("have to be somewhere", async () => {
    const trial = await Trial.open();
    await expect(trial.run({ "a.txt": "" })).rejects.toThrow(/no file whose name ends in \.json/);
    const missing = async () => {
      for await (const _ of documentsIn("/nowhere")) expect.unreachable();
    };
    await expect(missing()).rejects.toThrow(/\/nowhere cannot be read/);
  });

  test("of one id count once: the one changed last, and the other is told of if it differs", async () => {
    const trial = await Trial.open();
    const report = await trial.run({
      "1.json": [
        ROOT,
        { ...ROOT, _rev: "9-x" },
        { ...config("root", "x", { a: 5 }), _rev: "2-x" },
        { ...config("root", "x", { a: 7 }), _rev: "10-x" },
        { ...config("root", "x", { a: 6 }), _rev: "9-x" },
        { ...config("root", "open", { a: 6 }), pvt_modified: 2 },
        { ...config("root", "open", { a: 7 }), pvt_modified: 1 },
      ],
    });
    expect(report.leftOut.map(({ reason }) => reason)).toEqual(["duplicate", "duplicate", "duplicate"]);
    expect(await trial.services.stored("root", "x")).toEqual({ a: 7 });
    expect(await trial.services.stored("root", "open")).toEqual({ a: 6 });
  });
});

describe("accounts", () => {
  test("hang where their pvt_tree says, whatever order they come in", async () => {
    const trial = await Trial.open();
    const report = await trial.run({
      "1.json": [account("c", ["root", "a", "b"]), account("b", ["root", "a"]), account("a", ["root"]), ROOT],
    });
    expect([report.accounts.created, report.leftOut]).toEqual([4, []]);
    const { lineages } = await trial.services.store.lineages(["c"]);
    expect(lineages[0]?.map(({ id }) => id)).toEqual(["c", "b", "a", "root"]);
  });

  test("are resellers if they say so, or if an account below them inherits from them", async () => {
    const trial = await Trial.open();
    await trial.run({
      "1.json": [
        ROOT,
        account("flagged", ["root"], { pvt_reseller: true }),
        account("named", ["root"], { pvt_reseller: false }),
        account("c", ["root", "named", "between"], { pvt_reseller_id: "named" }),
        account("between", ["root", "named"], { pvt_reseller_id: "root" }),
        account("stranger", ["root"], { pvt_reseller_id: "between" }),
      ],
    });
    const { lineages } = await trial.services.store.lineages(["flagged", "named", "between", "root", "c"]);
    expect(lineages.map((lineage) => lineage?.[0].isReseller)).toEqual([true, true, false, false, false]);
  });

  test("that inherit from another account in KAZOO are told of", async () => {
    const trial = await Trial.open();
    const report = await trial.run({
      "1.json": [
        ROOT,
        account("r", ["root"], { pvt_reseller: true }),
        account("a", ["root", "r"], { pvt_reseller_id: "root" }),
      ],
    });
    expect(places(report)).toEqual(["differs /pvt_reseller_id"]);
  });

  test("that cannot be made are told of, and so is what hangs below them", async () => {
    const trial = await Trial.open();
    const report = await trial.run({
      "1.json": [
        ROOT,
        account("lost", ["root", "nowhere"]),
        account("below", ["root", "nowhere", "lost"]),
        account("ring1", ["ring2"]),
        account("ring2", ["ring1"]),
        account("no id", ["root"]),
        account("odd", [1]),
        account("odder", "root" as never),
        config("lost", "x", { a: 2 }),
        account("fine", ["root"]),
      ],
    });
    expect(report.accounts.created).toBe(2);
    expect(places(report)).toEqual([
      "account ",
      "account /pvt_tree",
      "account /pvt_tree",
      "account /pvt_tree",
      "account /pvt_tree",
      "account /pvt_tree",
      "account /pvt_tree",
      "noAccount ",
    ]);
  });

  test("without a usable name are called by their id", async () => {
    const trial = await Trial.open();
    const names = ["", " ", "x".repeat(257), "a\u0007b", "\ud800", 5];
    const report = await trial.run({
      "1.json": JSON.stringify([ROOT, ...names.map((name, at) => account(`a${at}`, ["root"], { name }))]),
    });
    expect(places(report)).toEqual(names.map(() => "invalid /name"));
    const { lineages } = await trial.services.store.lineages(names.map((_, at) => `a${at}`));
    expect(lineages.map((lineage) => lineage?.[0].name)).toEqual(names.map((_, at) => `a${at}`));
  });

  test("that are there stay as they are, and every difference is told", async () => {
    const trial = await Trial.open();
    await trial.services.tree(["root"], ["a", "root"], ["b*", "root"]);
    const report = await trial.run({
      "1.json": [
        { ...ROOT, name: "root" },
        account("a", ["root", "b"], { pvt_reseller: true, name: "Other" }),
        account("c", ["root", "b"]),
      ],
    });
    expect(report.accounts).toEqual({ created: 1, kept: 2 });
    expect(places(report)).toEqual(["differs /name", "differs /pvt_reseller", "differs /pvt_tree"]);
    expect((await trial.services.store.lineages(["a"])).lineages[0]?.[0]).toMatchObject({
      name: "a",
      parentId: "root",
      isReseller: false,
    });
  });

  test("have to have one root, that of the store", async () => {
    const [empty, used] = [await Trial.open(), await Trial.open()];
    await expect(empty.run({ "1.json": [ROOT, account("other", [])] })).rejects.toThrow(/root and other/);
    await expect(empty.run({ "1.json": [account("a", ["root"])] })).rejects.toThrow(
      /no document is that of the root/,
    );
    await expect(empty.run({ "1.json": [config("a", "x", { a: 2 })] })).rejects.toThrow(/root/);
    expect(await empty.services.store.rootId()).toBeUndefined();
    await used.services.tree(["top"]);
    const before = await used.services.store.versions({ accounts: [], documents: [] });
    await expect(used.run({ "1.json": [system("x", { default: { a: 4 } }), ROOT] })).rejects.toThrow(
      /the root is root in KAZOO and top in the store/,
    );
    expect((await used.services.store.versions({ accounts: [], documents: [] })).sequence).toBe(
      before.sequence,
    );
    expect((await used.run({ "1.json": [account("a", ["top"])] })).accounts.created).toBe(1);
  });
});

describe("settings", () => {
  test("go to their layers, and only what differs from what is inherited is stored", async () => {
    const trial = await Trial.open();
    const report = await trial.run({
      "1.json": [
        config("c", "x", { a: 4, l: [1] }),
        config("r", "x", { a: 4 }),
        config("root", "x", { a: 3 }),
        account("c", ["root", "r"], { pvt_reseller_id: "r" }),
        account("r", ["root"], { pvt_reseller: true }),
        ROOT,
        system("x", { default: { a: 3, secret: "s" } }),
      ],
    });
    expect(report.leftOut).toEqual([]);
    expect(report.configs).toEqual({ written: 3, unchanged: 1 });
    const stored = (id?: string) => trial.services.stored(id, "x");
    expect([await stored(), await stored("root"), await stored("r"), await stored("c")]).toEqual([
      { a: 3, secret: "s" },
      undefined,
      { a: 4 },
      { l: [1] },
    ]);
  });

  test("that are refused are told one by one, and the rest is written", async () => {
    const trial = await Trial.open();
    const report = await trial.run({
      "1.json": `[${JSON.stringify(ROOT)}, {"_id": "configs_x", "pvt_account_id": "root", "_rev": "1-x", "id": "configs_x",
        "ui_metadata": {"ui": "monster-ui"}, "a": 5, "secret": "mine", "o": {"p": 1}, "l": [1, "2"],
        "nope": {"deep": 1}, "constructor": {"b": 1}, "big": 12345678901234567890, "none": null, "o2": {"n": null}}]`,
    });
    expect(places(report)).toEqual([
      "invalid /big",
      "invalid /constructor",
      "invalid /l/1",
      "invalid /o/q",
      "null /none",
      "null /o2/n",
      "systemOnly /secret",
      "unknown /nope",
    ]);
    expect(await trial.services.stored("root", "x")).toEqual({ a: 5 });
    expect(JSON.stringify(report)).not.toContain("mine");
  });

  test("of which nothing can stay are left out as a whole", async () => {
    const trial = await Trial.open();
    const report = await trial.run({
      "1.json": [
        ROOT,
        config("root", "strict", { b: 1 }),
        config("root", "nothing", { a: 1 }),
        config("root", "no id", { a: 1 }),
        config("root", "open", { long: "x".repeat(300_000) }),
        system("strange", { default: { a: 1 } }),
        system("x", { default: 5 }),
      ],
    });
    expect(places(report)).toEqual([
      "invalid ",
      "invalid ",
      "invalid ",
      "invalid /a",
      "invalid /default",
      "noSchema ",
      "noSchema /default",
    ]);
    expect(report.configs).toEqual({ written: 0, unchanged: 0 });
  });

  test("that a schema names are settings, whatever KAZOO does with the name", async () => {
    const trial = await Trial.open();
    await trial.run({ "1.json": [ROOT, config("root", "named", { ui_metadata: 1, id: 2 })] });
    expect(await trial.services.stored("root", "named")).toEqual({ ui_metadata: 1, id: 2 });
  });

  test("of the system come from default; each section of a node or zone is told of", async () => {
    const trial = await Trial.open();
    const report = await trial.run({
      "1.json": [
        system("x", { default: { a: 2 }, "kazoo@a/b~c": { a: 3 }, zone: { a: 4 }, id: "x", ui_metadata: {} }),
      ],
      "system_config/open.json": { _id: "open", "n@h": { a: 1 } },
      "bare.json": { _id: "strict", default: { a: 1 } },
      "user.json": { _id: "u", pvt_type: "user", default: { a: 1 } },
    });
    expect(places(report)).toEqual(["node /kazoo@a~1b~0c", "node /n@h", "node /zone"]);
    expect(report.otherDocuments).toBe(1);
    expect(await trial.services.stored(undefined, "x")).toEqual({ a: 2 });
    expect(await trial.services.stored(undefined, "strict")).toEqual({ a: 1 });
  });

  test("belong to the account that the document, its database or its path names", async () => {
    const id = "0123456789abcdef0123456789abcdef";
    const database = "account/01/23/456789abcdef0123456789abcdef";
    const bare = { _id: "configs_x", a: 9 };
    for (const files of [
      { "1.json": { ...bare, pvt_account_id: id } },
      { "1.json": { ...bare, pvt_account_db: encodeURIComponent(database) } },
      { "1.json": { ...bare, pvt_account_db: database } },
      { [`${database}/1.json`]: bare },
      { [`${encodeURIComponent(database)}.json`]: { docs: [bare] } },
    ] as const) {
      const trial = await Trial.open();
      const report = await trial.run({ ...files, "root.json": { ...ROOT, _id: id } });
      expect(report.leftOut).toEqual([]);
      expect(await trial.services.stored(id, "x")).toEqual({ a: 9 });
    }
    const report = await (await Trial.open()).run({ "1.json": [ROOT, bare] });
    expect(places(report)).toEqual(["noAccount "]);
  });

  test("are written once: the second time nothing is", async () => {
    const trial = await Trial.open();
    const files = {
      "1.json": [ROOT, config("root", "x", { a: 5, l: ["x"] }), system("x", { default: { a: 2 } })],
    };
    const first = await trial.run(files);
    const { sequence } = await trial.services.store.versions({ accounts: [], documents: [] });
    const second = await trial.run(files);
    expect(second).toEqual({
      ...first,
      accounts: { created: 0, kept: 1 },
      configs: { written: 0, unchanged: 2 },
    });
    expect((await trial.services.store.versions({ accounts: [], documents: [] })).sequence).toBe(sequence);
  });
});

test("the report for people has a heading for each reason, and nothing that steers a terminal", () => {
  const leftOut = Object.keys(REASONS).map((reason) => ({
    reason: reason as keyof typeof REASONS,
    file: "a\u001b[31m.json",
    document: "d\r",
    pointer: "/x",
    message: "Why.",
  }));
  const counts = {
    accounts: { created: 1, kept: 2 },
    configs: { written: 3, unchanged: 4 },
    otherDocuments: 5,
  };
  const text = reportText({ applied: false, ...counts, leftOut });
  for (const heading of Object.values(REASONS)) expect(text).toContain(heading);
  expect(text.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  expect(text).toContain("--apply");
  expect(reportText({ applied: true, ...counts, leftOut: [] })).not.toContain("would");
});
