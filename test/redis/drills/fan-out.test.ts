import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { ConfigTarget } from "../../../src/service/config-catalog.js";
import { schemaFolder } from "../../temporary-folder.js";
import { RedisServer } from "../redis-server.js";
import { GROUND_SCHEMAS } from "./linearizability-ground.js";
import { RunningGateway } from "./running-gateway.js";
import { commandsDuring } from "./scale-commands.js";

const FEW = 10;
const MANY = 1_000;
const WRITES = 5;
const CREATED_AT_ONCE = 16;
/** For whatever a write sets off to get done. */
const AFTERMATH_MS = 50;

let server: RedisServer;
let gateways: RunningGateway[];
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

const config = (accountId: string | undefined): ConfigTarget => ({ accountId, configId: "one" });

async function create(from: number, to: number): Promise<void> {
  const ids = Array.from({ length: to - from }, (_, n) => `c${from + n}`).values();
  const creator = async (_: unknown, index: number) => {
    for (const id of ids) {
      const account = { id, name: id, parentId: "reseller", isReseller: false };
      await gateways[index % gateways.length]?.get("create", { account });
    }
  };
  await Promise.all(Array.from({ length: CREATED_AT_ONCE }, creator));
}

/**
 * Writes a document several times. After each write the next read through every gateway, of any account below, has to
 * show it.
 * @returns how often a write ran each command; what the servers and gateways do by themselves comes on top now and then
 */
async function costOfWrite(owner: string | undefined, below: number): Promise<Record<string, number>> {
  const least = new Map<string, number>();
  const targets = Array.from({ length: below }, (_, n) => config(`c${n}`));
  const setting = `by ${owner ?? "system"}`;
  for (let n = 0; n < WRITES; n++) {
    const value = randomUUID();
    const cost = await commandsDuring(server, async () => {
      await gateways[0]?.get("patch", { target: config(owner), patch: { [setting]: value } });
      await new Promise((resolve) => setTimeout(resolve, AFTERMATH_MS));
    });
    for (const name of n === 0 ? cost.keys() : least.keys())
      least.set(name, Math.min(least.get(name) ?? Number.POSITIVE_INFINITY, cost.get(name) ?? 0));
    for (const gateway of gateways) await expectEverywhere(gateway, targets, setting, value);
  }
  return Object.fromEntries([...least].filter(([, times]) => times > 0).sort());
}

/** And the changed document is read once, whatever the number of accounts that inherit it. */
async function expectEverywhere(
  gateway: RunningGateway,
  targets: readonly ConfigTarget[],
  setting: string,
  value: string,
): Promise<void> {
  await gateway.get("calls", {});
  const { found } = await gateway.get("readMany", { targets, setting });
  expect(found).toEqual(targets.map(() => value));
  const { revisions, layers } = await gateway.get("calls", {});
  // One call for each account: of the versions alone where its lineage is cached.
  expect((revisions?.times ?? 0) + (layers?.times ?? 0)).toBe(targets.length + 1);
}

test(`a write above ${MANY} accounts costs Redis as much as one above ${FEW}, and every gateway shows it at once`, async () => {
  const settings = { url: server.url, cell: randomUUID(), schemas: schemaFolder(GROUND_SCHEMAS) };
  gateways = await Promise.all([RunningGateway.start(settings), RunningGateway.start(settings)]);
  onTestFinished(async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
  });
  for (const [id, parentId] of [["root"], ["reseller", "root"]] as const)
    await gateways[0]?.get("create", { account: { id, name: id, parentId, isReseller: true } });
  await create(0, FEW);
  // A document that is not there costs one command more to expect.
  await gateways[0]?.get("patch", { target: config(undefined), patch: { "by system": "first" } });
  const withFew = { reseller: await costOfWrite("reseller", FEW), system: await costOfWrite(undefined, FEW) };
  await create(FEW, MANY);
  const withMany = {
    reseller: await costOfWrite("reseller", MANY),
    system: await costOfWrite(undefined, MANY),
  };
  console.log(`above ${FEW} accounts a write runs ${JSON.stringify(withFew)}`);
  console.log(`above ${MANY} accounts a write runs ${JSON.stringify(withMany)}`);
  expect(withMany).toEqual(withFew);
});
