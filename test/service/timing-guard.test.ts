import { describe, expect, onTestFinished, test } from "vitest";
import { OPEN_PRINCIPAL, type Principal } from "../../src/auth/principal.js";
import { StrataError } from "../../src/domain/errors.js";
import { noSuchAccount } from "../../src/service/authorize.js";
import { guardTiming } from "../../src/service/timing-guard.js";
import { alteredStore } from "../store/altered-store.js";
import { openTestStore } from "../store/test-store.js";
import { schemaFolder } from "../temporary-folder.js";
import { OPEN_SCHEMAS, Services } from "./services.js";

const CALLER: Principal = {
  ...OPEN_PRINCIPAL,
  accountId: "other",
  isSuperadmin: false,
  issuedAt: Date.parse("2100-01-01") / 1_000,
};
/** Timers may be early by what the clock of the event loop leaves out. */
const ALMOST_5_MS = 4;

async function millisecondsOf(look: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await look().catch(() => undefined);
  return performance.now() - start;
}

describe("what is not there for a caller", () => {
  const absent: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["found to be so at once", () => Promise.reject(noSuchAccount())],
    ["found to be so later", () => new Promise((_, reject) => setTimeout(() => reject(noSuchAccount()), 2))],
    ["nothing", async () => undefined],
  ];

  test.each(absent)("%s, is told when its time has come", async (_, look) => {
    expect(await millisecondsOf(() => guardTiming(CALLER, look))).toBeGreaterThanOrEqual(ALMOST_5_MS);
  });

  test("is told at once to who sees all, and so is anything else to anybody", async () => {
    const refused = new StrataError("BAD_USER_INPUT", "No.");
    const looks: readonly (readonly [Principal, () => Promise<unknown>])[] = [
      [OPEN_PRINCIPAL, () => Promise.reject(noSuchAccount())],
      [CALLER, () => Promise.reject(refused)],
      [CALLER, async () => "found"],
    ];
    for (const [principal, look] of looks) {
      const timer = new Promise((resolve) => setTimeout(() => resolve("the timer"), ALMOST_5_MS));
      const told = guardTiming(principal, look).catch((error: Error) => error.message);
      expect(await Promise.race([told, timer])).not.toBe("the timer");
    }
  });
});

test("strangers do not wait where others write, and hold nobody up", async () => {
  const store = await openTestStore();
  onTestFinished(() => store.close());
  await new Services(store, schemaFolder(OPEN_SCHEMAS)).tree(["root"], ["shop", "root"], ["other", "root"]);
  let go: (() => void) | undefined;
  const until = new Promise<void>((resolve) => {
    go = resolve;
  });
  const slow = alteredStore(store, {
    commit: async (commit) => {
      await until;
      return store.commit(commit);
    },
  });
  const services = new Services(slow, schemaFolder(OPEN_SCHEMAS));
  const write = (as: Principal) =>
    services.configs.write(as, {
      target: { accountId: "shop", configId: "open" },
      intent: { kind: "SET", values: { a: 1 } },
    });
  const own = write(OPEN_PRINCIPAL);
  await expect(write(CALLER)).rejects.toMatchObject({ code: "ACCOUNT_NOT_FOUND" });
  go?.();
  expect((await own).result).toBe("written");
});
