import { setImmediate } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { OPEN_PRINCIPAL } from "../../../src/auth/principal.js";
import type { ConfigChange } from "../../../src/service/live/config-change.js";
import type { LiveConfigs } from "../../../src/service/live/live-configs.js";
import { FAST_DISK, openTestStore } from "../../store/test-store.js";
import { schemaFolder, temporaryFolder } from "../../temporary-folder.js";
import { Services, written } from "../services.js";
import { SCHEMAS } from "./live-ground.js";

const AT_ONCE = 250;

/** As many gateways over one store as it allows: two on Redis. */
export async function openGateways(): Promise<[Services, ...Services[]]> {
  const [folder, schemas] = [temporaryFolder(FAST_DISK), schemaFolder(SCHEMAS)];
  const open = async () => {
    const gateway = new Services(await openTestStore(folder), schemas);
    onTestFinished(async () => {
      gateway.live.close();
      await gateway.store.close();
    });
    return gateway;
  };
  const gateways: [Services, ...Services[]] = [await open()];
  if (process.env.STRATA_TEST_STORE === "redis") gateways.push(await open());
  await gateways[0].tree(["root"], ["east*", "root"]);
  return gateways;
}

/** One of so many accounts has a document of its own. */
const OWN_DOCUMENTS = 20;

/** Accounts below the reseller east; some have a document of one, which does not hide `a`. @returns their ids */
export async function addAccounts(services: Services, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, number) => `a${number}`);
  for (let next = 0; next < count; next += AT_ONCE)
    await Promise.all(ids.slice(next, next + AT_ONCE).map((id) => services.tree([id, "east"])));
  const withOwn = ids.filter((_, number) => number % OWN_DOCUMENTS === 0);
  await Promise.all(withOwn.map(async (id) => written(await services.patch(id, "one", { b: { c: 1 } }))));
  return ids;
}

/**
 * Subscribes to one config of each account, of all gateways in turn.
 * @param take hears of every message but the first of each
 */
export async function followEach(
  gateways: readonly { readonly live: LiveConfigs }[],
  ids: readonly string[],
  take: (accountId: string, change: ConfigChange) => void,
): Promise<void> {
  const follow = async (accountId: string, number: number): Promise<void> => {
    const live = gateways[number % gateways.length]?.live as LiveConfigs;
    const stream = await live.subscribe({ principal: OPEN_PRINCIPAL, accountId, configIds: ["one"] });
    await stream.next();
    void (async () => {
      for (;;) {
        const { done, value } = await stream.next();
        if (done) return;
        take(accountId, value);
      }
    })();
  };
  for (let next = 0; next < ids.length; next += AT_ONCE)
    await Promise.all(ids.slice(next, next + AT_ONCE).map(follow));
}

/** Looks at a number once in every turn of the event loop. @returns what ends that, and tells the most that came in one turn */
export function watchTurns(count: () => number): () => number {
  let [most, last, isOver] = [0, count(), false];
  void (async () => {
    while (!isOver) {
      await setImmediate();
      const now = count();
      most = Math.max(most, now - last);
      last = now;
    }
  })();
  return () => {
    isOver = true;
    return Math.max(most, count() - last);
  };
}
