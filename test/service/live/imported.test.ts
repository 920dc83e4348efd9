import { expect, onTestFinished, test } from "vitest";
import { openLmdbStore } from "../../../src/store/lmdb/lmdb-store.js";
import { restoreInto } from "../../archive/archive-fixture.js";
import { FAST_DISK } from "../../store/test-store.js";
import { schemaFolder, temporaryFolder } from "../../temporary-folder.js";
import { Services, written } from "../services.js";
import { Follower } from "./follower.js";
import { gatewayOver, SCHEMAS } from "./live-ground.js";

const AT = "2026-01-01T00:00:00.000Z";

test("a store that was imported without its commits tells its subscribers at once, and of every commit from then on", async () => {
  const folder = temporaryFolder(FAST_DISK);
  const version = (sequence: number) => ({ revision: 1, sequence, nonce: "old" });
  const root = {
    id: "root",
    name: "Root",
    parentId: undefined,
    isReseller: false,
    createdAt: AT,
    version: version(40),
  };
  const key = { accountId: "root", configId: "one" };
  await restoreInto(
    folder,
    [
      { on: "account", account: root },
      { on: "document", key, version: version(42), kind: "SET", at: AT, by: "ada", text: '{"a":5}' },
    ],
    42,
  );
  const store = await openLmdbStore({ folder });
  onTestFinished(() => store.close());
  const services = new Services(store, schemaFolder(SCHEMAS));
  const live = gatewayOver(services);
  const follower = await new Follower(live, {
    accountId: "root",
    configIds: ["one"],
    bookmarks: true,
  }).start();
  await expect.poll(() => follower.told.length).toBe(1);
  expect(follower.folded.get("one")?.fields.get("/a")).toMatchObject({ value: 5 });
  await follower.cut();
  written(await services.patch("root", "one", { a: 6 }));
  await follower.start();
  await expect.poll(() => follower.folded.get("one")?.fields.get("/a")).toMatchObject({ value: 6 });
  expect(follower.resets).toBe(0);
  written(await services.patch("root", "one", { a: 7 }));
  await expect.poll(() => follower.folded.get("one")?.fields.get("/a")).toMatchObject({ value: 7 });
});
