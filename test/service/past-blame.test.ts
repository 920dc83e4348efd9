import { expect, onTestFinished, test } from "vitest";
import { OPEN_PRINCIPAL, type Principal } from "../../src/auth/principal.js";
import type { Field } from "../../src/domain/merge/field-tree.js";
import { FieldBlames } from "../../src/service/read/field-blames.js";
import { createRequestReader } from "../../src/service/read/request-reader.js";
import { openTestStore } from "../store/test-store.js";
import { schemaFolder } from "../temporary-folder.js";
import { OPEN_SCHEMAS, Services } from "./services.js";

const by = (subject: string): Principal => ({ ...OPEN_PRINCIPAL, subject });

test("the blame of a past moment names nobody rather than the author of the oldest revision that is kept", async () => {
  const store = await openTestStore(undefined, { historyRevisions: 3 });
  onTestFinished(() => store.close());
  const services = new Services(store, schemaFolder(OPEN_SCHEMAS));
  await services.tree(["root"]);
  const target = { accountId: "root", configId: "open" };
  const patch = async (subject: string, values: Record<string, number>) => {
    const intent = { kind: "PATCH", patch: values } as const;
    await services.configs.write(by(subject), { target, intent });
    return services.read("root", "open");
  };
  const blameAt = async (asOf: string) => {
    const reader = createRequestReader(store, OPEN_PRINCIPAL);
    const snapshot = await services.configs.effective(OPEN_PRINCIPAL, target, reader, asOf);
    const blames = await FieldBlames.of(snapshot, reader);
    return (name: string) => blames.at(snapshot.config.fieldAt(`/${name}`) as Field)?.by;
  };
  await patch("alice", { a: 1, b: 1 });
  for (const n of [1, 2, 3, 4]) await patch("bob", { c: n });
  const { config } = await services.read("root", "open");
  const moment = config.layers[0]?.updatedAt ?? "";
  expect((await blameAt(moment))("a")).toBe("alice");
  await patch("carol", { a: 2 });
  const then = await blameAt(moment);
  // What still stands is known by the blame of today's document; what does not is known no more.
  expect([then("a"), then("b"), then("c")]).toEqual([undefined, "alice", "bob"]);
});
