import { expect, onTestFinished, test } from "vitest";
import { OPEN_PRINCIPAL } from "../../../src/auth/principal.js";
import type { ConfigChange } from "../../../src/service/live/config-change.js";
import type { LiveSubscription } from "../../../src/service/live/live-subscription.js";
import { positionIn } from "../../../src/service/store-cursor.js";
import { written } from "../services.js";
import { until } from "./follower.js";
import { LiveGround } from "./live-ground.js";

/** Bookmarks are looked for every second. */
const LOOKS_MS = 2_500;
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Somebody who is told of acme's one, and asks for bookmarks. */
async function openMarked() {
  const ground = await LiveGround.open();
  const stream = await ground.live.subscribe({
    principal: OPEN_PRINCIPAL,
    accountId: "acme",
    configIds: ["one"],
    bookmarks: true,
  });
  const told: ConfigChange[] = [];
  const reading = (async () => {
    for await (const change of stream) told.push(change);
  })();
  onTestFinished(async () => {
    await stream.return?.();
    await reading;
  });
  await until(() => told.length === 1);
  return { ground, told, subscription: stream as LiveSubscription };
}

const sequenceOf = (change: ConfigChange | undefined) => positionIn(change?.cursor ?? "", "").sequence;

test("a cursor advances within a thousand commits to what it is not made of", async () => {
  const { ground, told } = await openMarked();
  const commits = 1_000;
  for (let number = 0; number < commits; number += 50)
    await Promise.all(
      Array.from({ length: 50 }, (_, more) => ground.services.patch("core", "two", { a: number + more })),
    );
  await until(() => told.length > 1, "a bookmark", LOOKS_MS);
  expect(told[1]).toMatchObject({ bookmark: true, config: undefined, changes: [] });
  expect(sequenceOf(told[1]) - sequenceOf(told[0])).toBeLessThanOrEqual(commits);
});

test("a cursor advances once it is half a minute old, if anything was committed since", async () => {
  const { ground, told, subscription } = await openMarked();
  subscription.toldAt -= 30_000;
  await pause(LOOKS_MS);
  expect(told).toHaveLength(1);
  written(await ground.services.patch("core", "two", { a: 5 }));
  await until(() => told.length > 1, "a bookmark", LOOKS_MS);
  expect(told[1]?.bookmark).toBe(true);
  written(await ground.services.patch("core", "two", { a: 6 }));
  await pause(LOOKS_MS);
  expect(told, "a cursor that is not old yet").toHaveLength(2);
});
