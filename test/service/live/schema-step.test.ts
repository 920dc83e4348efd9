import { expect, test } from "vitest";
import { positionIn } from "../../../src/service/store-cursor.js";
import { written } from "../services.js";
import { until } from "./follower.js";
import { LiveGround, SCHEMAS } from "./live-ground.js";

const ACCOUNTS = 40;
/** Longer than bookmarks take from one look at their subscribers to the next. */
const BUSY_MS = 1_200;
/** What may be done in one turn of the event loop. */
const SLICE_MS = 9;
const OTHER_SCHEMAS = {
  ...SCHEMAS,
  "system_config.one": { type: "object", properties: { a: { type: "integer", default: 4 } } },
};

function workFor(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

test("no bookmark says that a new schema folder was told before it was", async () => {
  let work: number[] = [];
  const message = (kind: string): void => {
    if (kind === "change") workFor(work.shift() ?? 0);
  };
  const ground = await LiveGround.open({}, { notices: { message } });
  const ids = Array.from({ length: ACCOUNTS }, (_, number) => `a${number}`);
  for (const id of ids) await ground.services.tree([id, "east"]);
  const followers = await Promise.all(
    ids.map((id) => ground.follow(id, { configIds: ["one"], bookmarks: true })),
  );
  await until(() => followers.every(({ told }) => told.length > 0));
  // Nobody sees it, so all of them are due a bookmark.
  written(await ground.services.patch(undefined, "one", { hidden: 1 }));
  work = [BUSY_MS, ...ids.map(() => SLICE_MS)];
  ground.changeSchemas(OTHER_SCHEMAS);
  await until(() =>
    followers.every(({ told }) => told.some(({ movedLayers }) => movedLayers[0] === "SCHEMA")),
  );
  const old = positionIn(followers[0]?.told[0]?.cursor ?? "", "").schema;
  const first = followers.map(({ told }) => told.find(({ cursor }) => positionIn(cursor, "").schema !== old));
  expect(first.map((each) => each?.movedLayers)).toEqual(ids.map(() => ["SCHEMA"]));
});
