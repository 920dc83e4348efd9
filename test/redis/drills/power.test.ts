import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { openRedisStore } from "../../../src/store/redis/redis-store.js";
import { parseRedisUrl } from "../../../src/store/redis/redis-url.js";
import type { Store } from "../../../src/store/store.js";
import type { StoreNotice } from "../../../src/store/store-notice.js";
import { documentCommit, documentKey } from "../../store/store-contract.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { appendOnlyFiles, compileFsyncShim, cutToLastFsync } from "../fsync-cut.js";
import { RedisServer } from "../redis-server.js";
import { until } from "../until.js";
import { ANSWERED_WITHIN_MS, WriteLoad } from "./kills-load.js";
import { keptIn, Ledger, NOTHING_WRONG } from "./ledger.js";

const CUTS = Number(process.env.STRATA_POWER_CUTS ?? 6);
const CELL = "power";
/** More than a store takes that was just begun, its library of functions included. */
const SOME_BYTES = 100_000;

interface Drill {
  readonly server: RedisServer;
  readonly store: Store;
  readonly notices: StoreNotice[];
  readonly ledger: Ledger;
}

describe.skipIf(process.platform !== "linux")("a power cut under load", () => {
  /** @param fsyncMs how long an fsync takes: so that the power goes while one is under way, and not in between */
  async function start(appendfsync: string, allowUnsafe: boolean, fsyncMs: number): Promise<Drill> {
    vi.stubEnv("FSYNC_DELAY_MS", String(fsyncMs));
    onTestFinished(() => void vi.unstubAllEnvs());
    const server = await RedisServer.start({ appendfsync }, { preload: compileFsyncShim(temporaryFolder()) });
    onTestFinished(() => server.stop());
    const notices: StoreNotice[] = [];
    const store = await openRedisStore({
      target: parseRedisUrl(server.url),
      cell: CELL,
      allowUnsafe,
      onNotice: (notice) => notices.push(notice),
    });
    onTestFinished(() => store.close());
    return { server, store, notices, ledger: new Ledger() };
  }

  test(`loses nothing in ${CUTS} cuts when every write is synced, and the store goes on by itself`, {
    timeout: 60_000 + CUTS * 3_000,
  }, async () => {
    const { server, store, ledger } = await start("always", false, 3);
    const load = new WriteLoad(store, ledger);
    onTestFinished(() => load.abandon());
    let cutBytes = 0;
    for (let cut = 0; cut < CUTS; cut++) {
      const before = ledger.acknowledged;
      await until("writes are acknowledged", () => ledger.acknowledged > before);
      if (cut % 2 === 1) await server.command("BGREWRITEAOF");
      await delay(Math.random() * 200);
      await server.kill();
      cutBytes += cutToLastFsync(server.folder);
      await server.restart();
    }
    await load.stop();
    expect(cutBytes).toBeGreaterThan(0);
    console.log(`${CUTS} cuts of ${cutBytes} bytes: ${load}`);
    expect(ledger.findings(await keptIn(server, CELL))).toEqual(NOTHING_WRONG);
    expect(load.faults).toEqual([]);
    expect(load.slowestMs).toBeLessThan(ANSWERED_WITHIN_MS);
  });

  test("loses acknowledged writes when they are synced once a second: the ledger finds out, and so does the store", async () => {
    const { server, store, notices, ledger } = await start("everysec", true, 300);
    const load = new WriteLoad(store, ledger);
    onTestFinished(() => load.abandon());
    await until("some of it is synced, and there is more", () =>
      appendOnlyFiles(server.folder).some(
        ({ name, synced, written }) => name.includes(".incr.") && synced > SOME_BYTES && synced < written,
      ),
    );
    await server.kill();
    const { acknowledged, sequence } = ledger;
    expect(cutToLastFsync(server.folder)).toBeGreaterThan(0);
    await server.restart();
    await until("the store has looked", () => store.writeObstacle()?.includes("stands at") === true);
    const kept = await keptIn(server, CELL);
    const { lost, uneven } = ledger.findings(kept);
    console.log(`${acknowledged} acknowledged, ${lost.length} lost, ${store.writeObstacle()}`);
    expect(lost).not.toEqual([]);
    expect(uneven).toEqual([]);
    const obstacle = expect.stringContaining(
      `stands at sequence ${kept.sequence}, and ${sequence} was acknowledged`,
    );
    expect(store.writeObstacle()).toEqual(obstacle);
    expect(notices).toContainEqual({ level: "error", message: obstacle });
    expect(await store.commit(documentCommit(documentKey("a", "c0"), {}))).toMatchObject({
      outcome: "notApplied",
      cause: { code: "STORE_UNAVAILABLE", message: obstacle },
    });
    expect((await keptIn(server, CELL)).sequence).toBe(kept.sequence);
  });
});
