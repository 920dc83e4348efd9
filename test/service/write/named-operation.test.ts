import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { OPEN_PRINCIPAL, type Principal, SCOPES } from "../../../src/auth/principal.js";
import type { JsonObject } from "../../../src/domain/json/json.js";
import type { WriteRequest, WriteResult } from "../../../src/service/write/config-write.js";
import type { WriteIntent } from "../../../src/service/write/write-decision.js";
import { cases, SEED } from "../../cases.js";
import { alteredStore } from "../../store/altered-store.js";
import { openTestStore } from "../../store/test-store.js";
import { schemaFolder } from "../../temporary-folder.js";
import { OPEN_SCHEMAS, openServices, Services, written } from "../services.js";

const LATER = Math.floor(Date.now() / 1_000) + 3_600;
const principal = (accountId: string, subject = "ada"): Principal => ({
  subject,
  accountId,
  isSuperadmin: false,
  scopes: new Set(SCOPES),
  issuedAt: LATER,
});

async function openTree(): Promise<Services> {
  const services = await openServices(schemaFolder(OPEN_SCHEMAS));
  await services.tree(["root"], ["reseller*", "root"], ["leaf", "reseller"], ["other", "root"]);
  return services;
}

const patch = (values: JsonObject): WriteIntent => ({ kind: "PATCH", patch: values });
const target = { accountId: "leaf", configId: "open" };
const told = (result: WriteResult) => {
  const { document, revision, changes, replayed } = written(result);
  return { document, revision, changes, replayed };
};
const REUSED = { code: "BAD_USER_INPUT", pointer: "/operationId" };

test("a write that is sent again is done once, and answered with what it did and the config of today", async () => {
  const services = await openTree();
  await services.set(undefined, "open", { a: "system", c: { d: 1 } });
  await services.set("reseller", "open", { b: "reseller" });
  const options = { operationId: "one" };
  const first = await services.write("leaf", "open", patch({ a: 1, c: { d: 2 } }), options);
  const expected = { document: { a: 1, c: { d: 2 } }, revision: 1, changes: told(first).changes };
  expect(told(first)).toEqual({ ...expected, replayed: false });
  expect(expected.changes).toHaveLength(2);
  expect(told(await services.write("leaf", "open", patch({ c: { d: 2 }, a: 1 }), options))).toEqual({
    ...expected,
    replayed: true,
  });
  // Every layer moves on; what was done then stays what it was.
  await services.set("leaf", "open", { a: 5 });
  await services.set("reseller", "open", { c: 7 });
  await services.set(undefined, "open", { z: true });
  const later = await services.write("leaf", "open", patch({ a: 1, c: { d: 2 } }), options);
  expect(told(later)).toEqual({ ...expected, replayed: true });
  expect(written(later).snapshot.config.values).toEqual({ z: true, c: 7, a: 5 });
  expect(await services.revision("leaf", "open")).toBe(2);
});

test("a retry whose ifMatch no longer holds is answered with what was done, not with a conflict", async () => {
  const services = await openTree();
  const { etag } = await services.read("leaf", "open");
  const options = { operationId: "one", ifMatch: etag };
  written(await services.write("leaf", "open", patch({ a: 1 }), options));
  expect(told(await services.write("leaf", "open", patch({ a: 1 }), options))).toMatchObject({
    replayed: true,
    revision: 1,
  });
});

test("a retry of what removed the document, or would change nothing by now, is still a retry", async () => {
  const services = await openTree();
  await services.set("leaf", "open", { a: 1 });
  const reset: WriteIntent = { kind: "RESET", pointers: undefined };
  const first = told(await services.write("leaf", "open", reset, { operationId: "one" }));
  expect(first).toMatchObject({ document: undefined, revision: 2, replayed: false });
  expect(told(await services.write("leaf", "open", reset, { operationId: "one" }))).toEqual({
    ...first,
    replayed: true,
  });
  expect(await services.revision("leaf", "open")).toBe(2);
});

test.each<[string, WriteIntent, Partial<WriteRequest>]>([
  ["other values", patch({ a: 2 }), {}],
  ["another kind", { kind: "SET", values: { a: 1 } }, {}],
  ["another account", patch({ a: 1 }), { target: { accountId: "reseller", configId: "open" } }],
  ["the system layer", patch({ a: 1 }), { target: { accountId: undefined, configId: "open" } }],
  ["an ifMatch", patch({ a: 1 }), { ifMatch: "x" }],
])("the same operationId with %s is refused, and nothing is written", async (_, intent, given) => {
  const services = await openTree();
  written(await services.write("leaf", "open", patch({ a: 1 }), { operationId: "one" }));
  const request = { target, intent, operationId: "one", ...given };
  await expect(services.configs.write(OPEN_PRINCIPAL, request)).rejects.toMatchObject(REUSED);
  for (const id of ["leaf", "reseller", undefined])
    expect(await services.revision(id, "open")).toBe(id === "leaf" ? 1 : 0);
});

test("refusals, no-ops and dry runs are not remembered", async () => {
  const services = await openTree();
  const one = { operationId: "one" };
  await services.write("leaf", "open", patch({ a: 1 }), { ...one, dryRun: true });
  await services.write("leaf", "open", patch({ a: null }), one);
  await services.write("leaf", "open", patch({ a: 3 }), { ...one, ifMatch: "x" });
  expect(told(await services.write("leaf", "open", patch({ a: 4 }), one))).toMatchObject({
    replayed: false,
    revision: 1,
  });
  const dry = await services.write("leaf", "open", patch({ a: 4 }), { ...one, dryRun: true });
  expect(told(dry)).toMatchObject({ replayed: false, revision: undefined });
});

test.each(["", "x".repeat(129), "naïve", "a\nb", "\u{1f600}"])(
  "%j names no operation",
  async (operationId) => {
    const services = await openTree();
    const refused = { code: "BAD_USER_INPUT", pointer: "/operationId" };
    await expect(services.write("leaf", "open", patch({ a: 1 }), { operationId })).rejects.toMatchObject(
      refused,
    );
    const named = { name: "New", parentId: "root", isReseller: false, operationId };
    await expect(services.accounts.create(OPEN_PRINCIPAL, named)).rejects.toMatchObject(refused);
    await expect(
      services.accounts.delete(OPEN_PRINCIPAL, "leaf", undefined, operationId),
    ).rejects.toMatchObject(refused);
  },
);

test("the same operationId of another subject or account is another operation", async () => {
  const services = await openTree();
  const callers = [principal("leaf"), principal("leaf", "bob"), principal("reseller"), OPEN_PRINCIPAL];
  for (const [index, caller] of callers.entries()) {
    const request = { target, intent: patch({ a: index }), operationId: "one" };
    expect(told(await services.configs.write(caller, request))).toMatchObject({
      revision: index + 1,
      replayed: false,
    });
  }
  const foreign = { target, intent: patch({ a: 0 }), operationId: "one" };
  await expect(services.configs.write(principal("other"), foreign)).rejects.toMatchObject({
    code: "ACCOUNT_NOT_FOUND",
  });
});

test("the retry of a write that is done does not wait for those who write the same config", async () => {
  const store = await openTestStore();
  onTestFinished(() => store.close());
  let letGo = (): void => {};
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let isSlow = false;
  const slow = alteredStore(store, {
    commit: async (commit) => {
      if (isSlow) await gate;
      return store.commit(commit);
    },
  });
  const services = new Services(slow, schemaFolder(OPEN_SCHEMAS));
  await services.tree(["root"], ["reseller*", "root"], ["leaf", "reseller"], ["other", "root"]);
  const request = { target, intent: patch({ a: 1 }), operationId: "one" };
  const caller = principal("reseller");
  const first = told(await services.configs.write(caller, request));
  isSlow = true;
  let isOver = false;
  const others = ["x", "y"].map((name) => services.patch("leaf", "open", { [name]: 1 }));
  void Promise.all(others).then(() => {
    isOver = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(told(await services.configs.write(caller, request))).toEqual({ ...first, replayed: true });
  await expect(services.configs.write(caller, { ...request, intent: patch({ a: 2 }) })).rejects.toMatchObject(
    REUSED,
  );
  // Whoever may not write there is told so at once, and not what was done.
  await expect(services.configs.write(principal("other"), request)).rejects.toMatchObject({
    code: "ACCOUNT_NOT_FOUND",
  });
  expect(isOver).toBe(false);
  letGo();
  await Promise.all(others);
  expect(await services.revision("leaf", "open")).toBe(3);
});

test("an account that gets a deleted one's id has nothing of its operations", async () => {
  const services = await openTree();
  const request = { target, intent: patch({ a: 1 }), operationId: "one" };
  written(await services.configs.write(principal("leaf"), request));
  await services.accounts.delete(OPEN_PRINCIPAL, "leaf");
  await expect(services.configs.write(principal("leaf"), request)).rejects.toMatchObject({
    code: "ACCOUNT_NOT_FOUND",
  });
  await services.tree(["leaf", "other"]);
  expect(told(await services.configs.write(principal("leaf"), request))).toMatchObject({ replayed: false });
  // To a caller above them it is the same operation; of the account that it was made for there is nothing left.
  const above = { target, intent: patch({ b: 1 }), operationId: "two" };
  written(await services.configs.write(OPEN_PRINCIPAL, above));
  await services.accounts.delete(OPEN_PRINCIPAL, "leaf");
  await services.tree(["leaf", "other"]);
  await services.set("leaf", "open", { x: 1 });
  await expect(services.configs.write(OPEN_PRINCIPAL, above)).rejects.toMatchObject({
    code: "ACCOUNT_NOT_FOUND",
  });
  expect((await services.read("leaf", "open")).config.values).toEqual({ x: 1 });
});

test("one operation that is sent twenty times at once is done once, with equal answers", async () => {
  const services = await openTree();
  const { etag } = await services.read("leaf", "open");
  const request = { target, intent: patch({ a: 1 }), operationId: "one", ifMatch: etag };
  // Of two gateways: one alone would let its writers of one document wait for each other.
  const others = new Services(alteredStore(services.store, {}), schemaFolder(OPEN_SCHEMAS));
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, n) => (n % 2 ? others : services).configs.write(OPEN_PRINCIPAL, request)),
  );
  const answers = results.map(told);
  expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
  const [first] = answers;
  expect(answers).toEqual(answers.map(({ replayed }) => ({ ...first, replayed })));
  expect(await services.revision("leaf", "open")).toBe(1);
  const created = await Promise.all(
    Array.from({ length: 20 }, () =>
      services.accounts.create(principal("reseller"), {
        name: "New",
        parentId: "reseller",
        isReseller: false,
        operationId: "two",
      }),
    ),
  );
  expect(new Set(created.map(({ id }) => id)).size).toBe(1);
});

test("an account's creation, change and deletion are done once, whatever became of it meanwhile", async () => {
  const services = await openTree();
  const { accounts } = services;
  const caller = principal("reseller");
  const given = { name: "New", parentId: "reseller", isReseller: false, operationId: "create" };
  const { id } = await accounts.create(caller, given);
  expect((await accounts.create(caller, given)).id).toBe(id);
  await expect(accounts.create(caller, { ...given, name: "Newer" })).rejects.toMatchObject(REUSED);

  const rename = { id, name: "Newer", operationId: "rename" };
  expect((await accounts.update(caller, rename)).name).toBe("Newer");
  await accounts.update(caller, { id, name: "Newest" });
  expect((await accounts.update(caller, rename)).name).toBe("Newest");
  expect((await accounts.create(caller, given)).name).toBe("Newest");

  const move = { id, parentId: "leaf", operationId: "move" };
  await accounts.update(caller, move);
  await accounts.update(caller, { id, parentId: "reseller" });
  expect((await accounts.update(caller, move)).parent?.id).toBe("reseller");

  await accounts.delete(caller, id, undefined, "delete");
  await accounts.delete(caller, id, undefined, "delete");
  await expect(accounts.delete(caller, id)).rejects.toMatchObject({ code: "ACCOUNT_NOT_FOUND" });
  for (const retry of [() => accounts.create(caller, given), () => accounts.update(caller, rename)])
    await expect(retry()).rejects.toMatchObject({ code: "ACCOUNT_NOT_FOUND" });
  // Another account gets the id, out of the caller's reach or within it: the retry touches neither, and tells of neither.
  for (const parentId of ["other", "reseller"]) {
    await accounts.create(OPEN_PRINCIPAL, { id, name: "Another", parentId, isReseller: false });
    await accounts.delete(caller, id, undefined, "delete");
    for (const retry of [() => accounts.create(caller, given), () => accounts.update(caller, rename)])
      await expect(retry()).rejects.toMatchObject({ code: "ACCOUNT_NOT_FOUND" });
    await accounts.delete(OPEN_PRINCIPAL, id);
  }
});

test("a root that was created with a chosen id is not there already to a retry", async () => {
  const services = await openServices(schemaFolder(OPEN_SCHEMAS));
  const given = { id: "top", name: "Top", isReseller: false, operationId: "one" };
  const first = await services.accounts.create(OPEN_PRINCIPAL, given);
  expect((await services.accounts.create(OPEN_PRINCIPAL, given)).id).toBe(first.id);
  await expect(
    services.accounts.create(OPEN_PRINCIPAL, { ...given, operationId: "two" }),
  ).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
});

test("a caller who may no longer write there gets no answer of then", async () => {
  const services = await openTree();
  const caller = principal("reseller");
  const request = { target, intent: patch({ a: 1 }), operationId: "one" };
  written(await services.configs.write(caller, request));
  await services.accounts.update(OPEN_PRINCIPAL, { id: "leaf", parentId: "other" });
  await expect(services.configs.write(caller, request)).rejects.toMatchObject({ code: "ACCOUNT_NOT_FOUND" });
  await services.accounts.update(OPEN_PRINCIPAL, { id: "leaf", parentId: "reseller" });
  expect(told(await services.configs.write(caller, request))).toMatchObject({ replayed: true, revision: 1 });
  const readOnly = { ...caller, scopes: new Set(["config:read"] as const) };
  await expect(services.configs.write(readOnly, request)).rejects.toMatchObject({ code: "FORBIDDEN" });
});

test("a commit of which the store does not say what became of it is the request's own once it is found", async () => {
  const store = await openTestStore();
  let lost = 0;
  const lossy = alteredStore(store, {
    commit: async (commit) => {
      const outcome = await store.commit(commit);
      return lost++ === 0 ? { outcome: "unknown", cause: new Error("lost") } : outcome;
    },
  });
  const services = new Services(lossy, schemaFolder(OPEN_SCHEMAS));
  const result = await services.write(undefined, "open", patch({ a: 1 }), { operationId: "one" });
  expect(told(result)).toMatchObject({ revision: 1, replayed: false });
  await store.close();
});

test("a store that can remember no more operations refuses new ones, and says for how long", async () => {
  const store = await openTestStore();
  const full = alteredStore(store, { commit: async () => ({ outcome: "operationsFull", retryAfter: 7 }) });
  const services = new Services(full, schemaFolder(OPEN_SCHEMAS));
  await expect(
    services.write(undefined, "open", patch({ a: 1 }), { operationId: "one" }),
  ).rejects.toMatchObject({ code: "RATE_LIMITED", retryAfter: 7 });
  await store.close();
});

interface Sent {
  readonly name: number;
  readonly accountId: string | undefined;
  readonly values: JsonObject;
}

test("each name of a random sequence is done once, and tells the same whenever it is sent again", async () => {
  const sent: fc.Arbitrary<Sent> = fc.record({
    name: fc.nat(6),
    accountId: fc.constantFrom("leaf", "reseller", "root", undefined),
    values: fc.dictionary(fc.constantFrom("a", "b"), fc.constantFrom(1, 2, null, { c: 1 }, { c: 2, d: 3 })),
  });
  const services = await openTree();
  let round = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(sent, { minLength: 5, maxLength: 25 }), async (sequence) => {
      const done = new Map<number, { readonly sent: string; readonly told: ReturnType<typeof told> }>();
      round++;
      for (const { name, accountId, values } of sequence) {
        const body = JSON.stringify([accountId, Object.entries(values).sort()]);
        const known = done.get(name);
        const before = await services.revision(accountId, "open");
        const write = services.write(accountId, "open", patch(values), { operationId: `${round} ${name}` });
        if (known !== undefined && known.sent !== body) {
          await expect(write).rejects.toMatchObject(REUSED);
          continue;
        }
        const answer = told(await write);
        if (known !== undefined) expect(answer).toEqual({ ...known.told, replayed: true });
        else if (answer.revision !== undefined) {
          expect(answer).toMatchObject({ replayed: false, revision: before + 1 });
          done.set(name, { sent: body, told: answer });
        }
      }
    }),
    { numRuns: cases(60), seed: SEED },
  );
});
