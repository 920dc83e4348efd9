import { describe, expect, onTestFinished, test } from "vitest";
import { OPEN_PRINCIPAL, type Principal } from "../../../src/auth/principal.js";
import { StrataError } from "../../../src/domain/errors.js";
import type { JsonObject } from "../../../src/domain/json/json.js";
import type { WriteIntent } from "../../../src/service/write/write-decision.js";
import type { Position } from "../../../src/store/store.js";
import { openTestStore } from "../../store/test-store.js";
import { schemaFolder } from "../../temporary-folder.js";
import { OPEN_SCHEMAS, openServices, Services, written } from "../services.js";

const CONFIG = "open";
const EDITS = process.env.STRATA_TEST_LONG === "1" ? 1_000 : 30;
const patchOf = (patch: JsonObject): WriteIntent => ({ kind: "PATCH", patch });
const setOf = (values: JsonObject): WriteIntent => ({ kind: "SET", values });
const resetOf = (...pointers: string[]): WriteIntent => ({ kind: "RESET", pointers });

async function openTree(): Promise<Services> {
  const services = await openServices(schemaFolder(OPEN_SCHEMAS));
  await services.tree(["root"], ["reseller*", "root"], ["leaf", "reseller"]);
  return services;
}

const cursor = async (services: Services, accountId: string | undefined): Promise<Position> =>
  (await services.read(accountId, CONFIG)).position;

async function conflictsOf(
  services: Services,
  intent: WriteIntent,
  base: Position,
  { accountId = "leaf" as string | undefined, principal = OPEN_PRINCIPAL, dryRun = false } = {},
) {
  const result = await services.configs.write(principal, {
    target: { accountId, configId: CONFIG },
    intent,
    base,
    dryRun,
  });
  return result.result === "conflict" ? result.conflicts : result.result;
}

describe("A write with a base (R23)", () => {
  test("two writers with a thousand disjoint edits each lose none", async () => {
    const services = (await openTree()).patient();
    let base = await cursor(services, "leaf");
    const names = (writer: string) => Array.from({ length: 1_000 }, (_, index) => `${writer}${index}`);
    // Each writer keeps deciding on what it saw at first: its own edits come in ten portions.
    for (let portion = 0; portion < 10; portion++) {
      const results = await Promise.all(
        ["a", "b"].map((writer) => {
          const part = names(writer).slice(portion * 100, portion * 100 + 100);
          const patch = Object.fromEntries(part.map((name) => [name, writer]));
          return services.write("leaf", CONFIG, patchOf(patch), { base });
        }),
      );
      expect(results.map(({ result }) => result)).toEqual(["written", "written"]);
      if (portion === 5) base = await cursor(services, "leaf");
    }
    const { config } = await services.read("leaf", CONFIG);
    expect(Object.keys(config.values).sort()).toEqual([...names("a"), ...names("b")].sort());
  });

  test(`two writers with ${EDITS} disjoint edits each, one by one and each on what it saw last, lose none`, async () => {
    const services = (await openTree()).patient();
    const writer = async (name: string): Promise<void> => {
      let base = await cursor(services, "leaf");
      for (let edit = 0; edit < EDITS; edit++) {
        const isFresh = edit % 7 === 0;
        if (isFresh) base = edit % 2 === 0 ? await cursor(services, "leaf") : base;
        // On what it saw last it may change a field of its own again.
        const patch = patchOf({ [`${name}${edit}`]: edit, ...(isFresh && { [`last-${name}`]: edit }) });
        const { snapshot } = written(await services.write("leaf", CONFIG, patch, { base }));
        if (edit % 7 === 6) base = snapshot.position;
      }
    };
    await Promise.all([writer("a"), writer("b")]);
    const { config } = await services.read("leaf", CONFIG);
    const wanted = ["a", "b"].flatMap((name) => [
      [`last-${name}`, EDITS - 1 - ((EDITS - 1) % 7)],
      ...Array.from({ length: EDITS }, (_, edit) => [`${name}${edit}`, edit]),
    ]);
    expect(config.values).toEqual(Object.fromEntries(wanted));
    expect(await services.revision("leaf", CONFIG)).toBe(2 * EDITS);
  }, 3_600_000);

  test("two writers with a thousand edits each that overlap: all overlaps are told, and nothing is applied", async () => {
    const services = await openTree();
    const base = await cursor(services, "leaf");
    const edits = (from: number, value: string) =>
      Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`k${from + index}`, value]));
    written(await services.write("leaf", CONFIG, patchOf(edits(0, "a")), { base }));
    const before = await services.read("leaf", CONFIG);
    const overlaps = await conflictsOf(services, patchOf(edits(400, "b")), base);
    const wanted = Array.from({ length: 600 }, (_, index) => ({
      ...{ pointer: `/k${400 + index}`, base: undefined, mine: "b", theirs: "a" },
    }));
    expect(overlaps).toMatchObject(wanted);
    expect((await services.read("leaf", CONFIG)).etag).toBe(before.etag);
    // The two agree on what is the same.
    expect(await conflictsOf(services, patchOf(edits(0, "a")), base)).toBe("written");
  });

  test("is refused with every overlap at once, and nothing of it is written", async () => {
    const services = await openTree();
    await services.set("leaf", CONFIG, { a: 1, b: 1, c: { d: 1, e: 1 } });
    const base = await cursor(services, "leaf");
    const alice = { ...OPEN_PRINCIPAL, subject: "alice" };
    await services.configs.write(alice, {
      target: { accountId: "leaf", configId: CONFIG },
      intent: patchOf({ a: 2, c: { d: 2 }, f: 2 }),
      note: "why",
    });
    await services.patch("reseller", CONFIG, { b: 3, g: 3 });
    const before = await services.read("leaf", CONFIG);
    const patch = patchOf({ a: 9, b: 9, c: { d: null, e: 9 }, f: 2, g: 9 });
    for (const dryRun of [true, false]) {
      expect(await conflictsOf(services, patch, base, { dryRun })).toMatchObject([
        {
          pointer: "/g",
          base: undefined,
          mine: 9,
          theirs: 3,
          theirsSource: "RESELLER",
          by: { by: "anonymous" },
        },
        {
          pointer: "/a",
          base: 1,
          mine: 9,
          theirs: 2,
          theirsSource: "ACCOUNT",
          by: { by: "alice", note: "why" },
        },
        {
          pointer: "/c/d",
          base: 1,
          mine: undefined,
          theirs: 2,
          theirsSource: "ACCOUNT",
          by: { by: "alice" },
        },
      ]);
    }
    expect((await services.read("leaf", CONFIG)).etag).toBe(before.etag);
  });

  test("that says what is there now by itself, or touches what only another layer moved below, succeeds", async () => {
    const services = await openTree();
    await services.set("leaf", CONFIG, { a: 1 });
    const base = await cursor(services, "leaf");
    await services.patch("leaf", CONFIG, { b: 2 });
    await services.patch("reseller", CONFIG, { a: 5, b: 5 });
    // The effective `/a` is what it was: only something below it has moved.
    expect(await conflictsOf(services, patchOf({ a: 7, b: 2 }), base)).toBe("written");
  });

  test("a set names every field, a reset what it drops", async () => {
    const services = await openTree();
    await services.set("leaf", CONFIG, { a: 1, b: 1 });
    const base = await cursor(services, "leaf");
    await services.patch("leaf", CONFIG, { c: 1, b: 2 });
    expect(await conflictsOf(services, setOf({ a: 2, b: 2 }), base)).toMatchObject([
      { pointer: "/c", base: undefined, mine: undefined, theirs: 1 },
    ]);
    expect(await conflictsOf(services, resetOf("/b", "/c"), base)).toMatchObject([
      { pointer: "/b", base: 1, mine: undefined, theirs: 2 },
      { pointer: "/c", base: undefined, mine: undefined, theirs: 1 },
    ]);
    expect(await conflictsOf(services, { kind: "RESET", pointers: undefined }, base)).toHaveLength(2);
    expect(await conflictsOf(services, resetOf("/a"), base)).toBe("written");
    expect(await conflictsOf(services, setOf({ b: 2, c: 1 }), base)).toBe("written");
  });

  test("works on the system level, and with the cursor of another config or of a written one", async () => {
    const services = await openTree();
    const base = written(await services.set(undefined, CONFIG, { a: 1 })).snapshot.position;
    await services.patch(undefined, CONFIG, { b: 1 });
    expect(await conflictsOf(services, patchOf({ a: 2 }), base, { accountId: undefined })).toBe("written");
    expect(await conflictsOf(services, patchOf({ b: 2 }), base, { accountId: undefined })).toMatchObject([
      { pointer: "/b", theirs: 1, theirsSource: "SYSTEM" },
    ]);
    expect(await conflictsOf(services, patchOf({ b: 2 }), base)).toMatchObject([
      { pointer: "/b", base: undefined, theirs: 1, theirsSource: "SYSTEM" },
    ]);
  });

  test("a move that brings other values in force is an overlap of nobody; so is a change above the caller's reach", async () => {
    const services = await openTree();
    await services.tree(["other*", "root"]);
    await services.set("other", CONFIG, { a: 5 });
    const base = await cursor(services, "leaf");
    const reseller: Principal = {
      ...OPEN_PRINCIPAL,
      isSuperadmin: false,
      accountId: "leaf",
      issuedAt: 2 ** 40,
    };
    await services.accounts.update(OPEN_PRINCIPAL, { id: "leaf", parentId: "other" });
    await services.patch(undefined, CONFIG, { b: 6 });
    expect(await conflictsOf(services, patchOf({ a: 1, b: 1 }), base)).toMatchObject([
      { pointer: "/b", theirs: 6, theirsSource: "SYSTEM", by: { by: "anonymous" } },
      { pointer: "/a", theirs: 5, theirsSource: "RESELLER", by: undefined },
    ]);
    expect(await conflictsOf(services, patchOf({ b: 1 }), base, { principal: reseller })).toMatchObject([
      { pointer: "/b", theirs: 6, by: undefined },
    ]);
  });

  test("commits of one moment are told apart", async () => {
    const store = await openTestStore();
    onTestFinished(() => store.close());
    const services = new Services(store, schemaFolder(OPEN_SCHEMAS), () => new Date(0));
    await services.tree(["root"], ["leaf", "root"]);
    await services.patch("leaf", CONFIG, { a: 1 });
    const base = await cursor(services, "leaf");
    await services.patch("leaf", CONFIG, { a: 2 });
    expect(await conflictsOf(services, patchOf({ a: 3 }), base)).toMatchObject([{ base: 1, theirs: 2 }]);
    await services.accounts.delete(OPEN_PRINCIPAL, "leaf");
    await services.tree(["leaf", "root"]);
    await expect(conflictsOf(services, patchOf({ a: 3 }), base)).rejects.toMatchObject({
      code: "REVISION_NOT_FOUND",
    });
  });

  test("a retry under its operation id is answered although its base no longer holds", async () => {
    const services = await openTree();
    const base = await cursor(services, "leaf");
    const options = { base, operationId: "mine" };
    expect(written(await services.write("leaf", CONFIG, patchOf({ a: 1 }), options)).revision).toBe(1);
    await services.patch("leaf", CONFIG, { a: 2 });
    expect(written(await services.write("leaf", CONFIG, patchOf({ a: 1 }), options))).toMatchObject({
      replayed: true,
      revision: 1,
    });
    await expect(
      services.write("leaf", CONFIG, patchOf({ a: 1 }), { operationId: "mine" }),
    ).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
  });
});

describe("A base that cannot be told", () => {
  const refusal = async (services: Services, base: Position) => {
    const error = await conflictsOf(services, patchOf({ a: 9 }), base).catch((thrown: unknown) => thrown);
    if (!(error instanceof StrataError)) throw new Error(`not refused: ${JSON.stringify(error)}`);
    expect(error.message).toMatch(/^Nothing was written: /);
    expect(error.pointer).toBe("/base");
    return { code: error.code, oldest: error.oldest };
  };

  test("is refused: of another store, ahead of this one, from before the account", async () => {
    const services = await openTree();
    const base = await cursor(services, "leaf");
    expect(await refusal(services, { ...base, incarnation: "other" })).toEqual({
      code: "REVISION_NOT_FOUND",
    });
    expect(await refusal(services, { ...base, sequence: base.sequence + 1 })).toEqual({
      code: "BAD_USER_INPUT",
    });
    expect(await refusal(services, { ...base, sequence: 1 })).toEqual({ code: "REVISION_NOT_FOUND" });
    expect(await refusal(services, { ...base, sequence: 0 })).toEqual({ code: "REVISION_NOT_FOUND" });
  });

  test("is refused where its history is trimmed", async () => {
    const store = await openTestStore(undefined, { historyRevisions: 2 });
    onTestFinished(() => store.close());
    const services = new Services(store, schemaFolder(OPEN_SCHEMAS));
    await services.tree(["root"], ["leaf", "root"]);
    await services.patch("leaf", CONFIG, { a: 1 });
    const base = await cursor(services, "leaf");
    for (const a of [2, 3, 4]) await services.patch("leaf", CONFIG, { a });
    expect(await refusal(services, base)).toEqual({ code: "REVISION_NOT_FOUND" });
  });
});
