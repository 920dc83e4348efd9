import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { openRedisStore } from "../../../src/store/redis/redis-store.js";
import { parseRedisUrl } from "../../../src/store/redis/redis-url.js";
import { Follower } from "../../service/live/follower.js";
import { SCHEMAS } from "../../service/live/live-ground.js";
import { Services, written } from "../../service/services.js";
import { schemaFolder } from "../../temporary-folder.js";
import type { RedisServer } from "../redis-server.js";
import { type SentinelTopology, startSentinels } from "../redis-topologies.js";
import { hasReplicas } from "../server-group.js";
import { until } from "../until.js";

const REPLICAS = 2;
const CELL = randomUUID();
const [PROMOTED_MS, BACK_MS] = [20_000, 45_000];
/** What the replicas never hear of. */
const LOST = 666;
const ACCOUNTS = ["root", "east", "acme", "bolt"];

let topology: SentinelTopology;
beforeAll(async () => {
  topology = await startSentinels();
});
afterAll(() => topology.stop());

async function openGateway(schemas: string): Promise<Services> {
  const { sentinels, name } = topology;
  const hosts = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(",");
  const store = await openRedisStore({
    target: parseRedisUrl(`redis+sentinel://${hosts}/${name}`),
    cell: CELL,
    waitReplicas: REPLICAS,
  });
  const gateway = new Services(store, schemas);
  onTestFinished(async () => {
    gateway.live.close();
    await store.close();
  });
  return gateway;
}

/** What the primary takes from now on its replicas do not hear. @returns what lets them listen again */
async function disconnectReplicas(primary: RedisServer): Promise<() => void> {
  const replicas = topology.nodes.filter((node) => node !== primary);
  await primary.command("CONFIG", "SET", "min-replicas-to-write", "0");
  for (const replica of replicas) replica.pause();
  await primary.command("CLIENT", "KILL", "TYPE", "replica");
  return () => {
    for (const replica of replicas) replica.resume();
  };
}

async function isInForce(services: Services, { accountId, folded, error }: Follower): Promise<boolean> {
  expect(error).toBeUndefined();
  for (const [configId, { etag }] of folded)
    if ((await services.read(accountId, configId)).etag !== etag) return false;
  return folded.size > 0;
}

const valueTold = ({ folded }: Follower) => folded.get("one")?.fields.get("/a")?.value;
const hasBeenToldOfLost = (follower: Follower) => valueTold(follower) === LOST;

test("subscribers who were told of a write that a failover has lost are told what is in force instead, with a reset", async () => {
  const schemas = schemaFolder(SCHEMAS);
  const gateways = [await openGateway(schemas), await openGateway(schemas)] as const;
  const [writer] = gateways;
  await writer.tree(["root"], ["east*", "root"], ["acme", "east"], ["bolt", "east"]);
  written(await writer.patch(undefined, "one", { a: 2 }));
  written(await writer.patch("acme", "two", { a: 3 }));
  const followers = await Promise.all(
    gateways.flatMap(({ live }) =>
      ACCOUNTS.map((accountId) => new Follower(live, { accountId, bookmarks: true }).start()),
    ),
  );
  const converge = async (): Promise<void> => {
    for (const follower of followers)
      await until(
        `${follower.accountId} is told what is in force`,
        () => isInForce(writer, follower),
        BACK_MS,
      );
  };
  await converge();

  const old = await topology.primary("");
  const reconnect = await disconnectReplicas(old);
  const losing = writer.patch(undefined, "one", { a: LOST }).catch((error: unknown) => error);
  await until("all are told of it", () => followers.every(hasBeenToldOfLost));
  const cursors = followers.map(({ cursor }) => cursor);
  await old.kill();
  reconnect();
  expect(await losing).toMatchObject({ code: "WRITE_OUTCOME_UNKNOWN" });
  await until("there is another primary", async () => (await topology.primary("")) !== old, PROMOTED_MS);
  await converge();
  expect(followers.map(valueTold)).toEqual(followers.map(() => 2));
  expect(followers.map(({ resets }) => resets > 0)).toEqual(followers.map(() => true));

  await old.restart();
  await until(
    "it has its replicas again",
    async () => hasReplicas(await topology.primary(""), REPLICAS),
    BACK_MS,
  );
  await until(
    "it can be written to",
    async () => (await writer.patch("acme", "one", { a: 7 })).result === "written",
    BACK_MS,
  );
  await converge();
  // Somebody who was cut off before the failover, and comes back after it, when the lost sequence is another commit's.
  for (const [index, since] of cursors.entries()) {
    const accountId = ACCOUNTS[index % ACCOUNTS.length] as string;
    const late = new Follower(gateways[1].live, { accountId });
    late.cursor = since;
    await late.start();
    await until("the late one is told", () => isInForce(writer, late));
    expect(late.resets).toBeGreaterThan(0);
    await late.cut();
  }
});
