import { describe, expect, test } from "vitest";
import { OPEN_PRINCIPAL } from "../../src/auth/principal.js";
import { createRequestReader } from "../../src/service/read/request-reader.js";
import { openServices, SHIPPED_SCHEMAS } from "./services.js";

const account = (id: string, parentId?: string) => ({ id, name: id, parentId, isReseller: false });

describe("creating accounts", () => {
  test("the first is the root, of which there is one", async () => {
    const { accounts } = await openServices(SHIPPED_SCHEMAS);
    expect((await accounts.create(OPEN_PRINCIPAL, account("root"))).lineage.map(({ id }) => id)).toEqual([
      "root",
    ]);
    await expect(accounts.create(OPEN_PRINCIPAL, account("another"))).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
    });
  });

  test("of many roots created at once, one is made", async () => {
    const { accounts } = await openServices(SHIPPED_SCHEMAS);
    const made = await Promise.allSettled(
      Array.from({ length: 10 }, (_, i) => accounts.create(OPEN_PRINCIPAL, account(`root${i}`))),
    );
    expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("an id is taken once, also by many at once", async () => {
    const { accounts } = await openServices(SHIPPED_SCHEMAS);
    await accounts.create(OPEN_PRINCIPAL, account("root"));
    const made = await Promise.allSettled(
      Array.from({ length: 10 }, () => accounts.create(OPEN_PRINCIPAL, account("acme", "root"))),
    );
    expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(
      made.filter((one) => one.status === "rejected" && one.reason.code === "ACCOUNT_EXISTS"),
    ).toHaveLength(9);
  });

  test("an account knows its way to the root; 32 levels are the limit", async () => {
    const { accounts, store } = await openServices(SHIPPED_SCHEMAS);
    await accounts.create(OPEN_PRINCIPAL, account("a1"));
    for (let level = 2; level <= 32; level++) {
      await accounts.create(OPEN_PRINCIPAL, account(`a${level}`, `a${level - 1}`));
    }
    expect(
      (await accounts.find(OPEN_PRINCIPAL, "a32", createRequestReader(store, OPEN_PRINCIPAL)))?.lineage,
    ).toHaveLength(32);
    await expect(accounts.create(OPEN_PRINCIPAL, account("a33", "a32"))).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
      limit: "accountDepth",
    });
  });

  test("without an id, one is made", async () => {
    const { accounts } = await openServices(SHIPPED_SCHEMAS);
    const { lineage } = await accounts.create(OPEN_PRINCIPAL, { name: "Root", isReseller: false });
    expect(lineage[0].id).not.toBe("");
  });

  test.each(["", " ", "a/b", "..", "system", "ä", "a\u202eb", "x".repeat(65)])(
    "the id %j is refused",
    async (id) => {
      const { accounts } = await openServices(SHIPPED_SCHEMAS);
      await expect(accounts.create(OPEN_PRINCIPAL, account(id))).rejects.toMatchObject({
        code: "BAD_USER_INPUT",
      });
    },
  );

  test.each(["", "  ", "a\nb", "\ud800", "x".repeat(257)])("the name %j is refused", async (name) => {
    const { accounts } = await openServices(SHIPPED_SCHEMAS);
    await expect(accounts.create(OPEN_PRINCIPAL, { name, isReseller: false })).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
    });
  });

  test("a parent that is not there is ACCOUNT_NOT_FOUND", async () => {
    const { accounts } = await openServices(SHIPPED_SCHEMAS);
    await accounts.create(OPEN_PRINCIPAL, account("root"));
    await expect(accounts.create(OPEN_PRINCIPAL, account("acme", "nobody"))).rejects.toMatchObject({
      code: "ACCOUNT_NOT_FOUND",
    });
  });
});
