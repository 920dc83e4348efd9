import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { ConfigSnapshot } from "../../src/service/read/config-snapshot.js";
import { openLmdbStore } from "../../src/store/lmdb/lmdb-store.js";
import { openRedisStore } from "../../src/store/redis/redis-store.js";
import { parseRedisUrl } from "../../src/store/redis/redis-url.js";
import { strata } from "../archive/strata-process.js";
import { cases, SEED } from "../cases.js";
import { sharedRedisUrl } from "../redis/run-redis.js";
import { CONFIG, IMPACT_SCHEMAS, ImpactWorld, randomOf, toldBy } from "../service/impact/impact-world.js";
import { schemaFolder, temporaryFolder } from "../temporary-folder.js";

const ACCOUNT = `account_config.${CONFIG}` as const;
const SYSTEM = `system_config.${CONFIG}` as const;
const inForce = IMPACT_SCHEMAS[ACCOUNT];

/** Folders that somebody might want to put in force. */
const NEXT: readonly Record<string, unknown>[] = [
  { ...IMPACT_SCHEMAS, [ACCOUNT]: { ...inForce, title: "Limits" } },
  {
    ...IMPACT_SCHEMAS,
    [SYSTEM]: { ...IMPACT_SCHEMAS[SYSTEM], properties: { a: { default: 2 }, c: { default: { x: 7 } } } },
  },
  { ...IMPACT_SCHEMAS, [ACCOUNT]: { ...inForce, required: ["d"] } },
  {
    ...IMPACT_SCHEMAS,
    [ACCOUNT]: { ...inForce, properties: { ...inForce.properties, a: { type: "string" } } },
  },
  { ...IMPACT_SCHEMAS, [ACCOUNT]: { ...inForce, properties: { b: {}, secret: { maximum: 0 } } } },
  { ...IMPACT_SCHEMAS, [ACCOUNT]: { type: "object", additionalProperties: true } },
  { [ACCOUNT]: { ...inForce, additionalProperties: { type: "integer" } } },
];

async function check(store: string, schemas: string, next: string, ...args: string[]) {
  return strata(["check", "--store", `lmdb:${store}`, "--schemas", next, ...args], {
    STRATA_SCHEMAS: schemas,
  });
}

test(`a check of schemas tells what reading every account under both tells (LAW_SEED=${SEED})`, async () => {
  const schemas = schemaFolder(IMPACT_SCHEMAS);
  for (let run = 0; run < cases(2); run++) {
    const folder = join(temporaryFolder(), "store");
    const store = await openLmdbStore({ folder });
    const truths: Map<string, unknown>[] = [];
    try {
      const world = new ImpactWorld(store, randomOf(SEED + run));
      await world.grow(60);
      const system = () => world.services.read(undefined, CONFIG);
      const read = async (): Promise<Map<string, ConfigSnapshot>> =>
        (await world.read()).set("", await system());
      const before = await read();
      for (const next of NEXT) {
        world.services.serve(schemaFolder(next));
        const after = await read();
        truths.push(
          new Map([...before].map(([id, config]) => [id, toldBy(config, after.get(id) ?? expect.fail())])),
        );
      }
    } finally {
      await store.close();
    }
    for (const [index, next] of NEXT.entries()) {
      const { code, output } = await check(
        folder,
        schemas,
        schemaFolder(next),
        "--json",
        "--accounts",
        "1000",
      );
      const { configs, breaks } = JSON.parse(output);
      const [{ system, accounts }] = configs;
      const truth = truths[index] as Map<string, ReturnType<typeof toldBy>>;
      const [ofSystem, ofAccounts] = [truth.get(""), new Map([...truth].filter(([id]) => id !== ""))];
      expect(system.outcome).toBe(ofSystem?.outcome);
      const changed = [...ofAccounts].filter(
        ([, { outcome }]) => !["SHIELDED", "UNAFFECTED"].includes(outcome),
      );
      const told = new Map(accounts.listed.map((each: Effect & { id: string }) => [each.id, plain(each)]));
      expect(told).toEqual(new Map(changed.map(([id, each]) => [id, plain(each)])));
      for (const { outcome, count } of accounts.counts)
        expect(count).toBe([...ofAccounts.values()].filter((each) => each.outcome === outcome).length);
      const isBroken = [...truth.values()].some(({ outcome }) => outcome === "BROKEN");
      expect({ breaks, code }).toEqual({ breaks: isBroken, code: isBroken ? 2 : 0 });
    }
  }
});

interface Effect {
  readonly outcome: unknown;
  readonly changes: readonly unknown[];
  readonly problems: readonly unknown[];
}

/** As JSON has it, problems as their pointers and messages. */
function plain({ outcome, changes, problems }: Effect) {
  const named = problems.map((problem) => {
    if (typeof problem === "string") return problem;
    const { pointer, keyword, message } = problem as { pointer: string; keyword: string; message: string };
    return `${pointer} ${keyword} ${message}`;
  });
  const nulls = JSON.stringify(changes, (_, value) => value ?? null);
  const all = (JSON.parse(nulls) as { pointer: string }[]).map((change) => ({
    before: null,
    after: null,
    sourceBefore: null,
    sourceAfter: null,
    ...change,
  }));
  return { outcome, changes: all.sort((a, b) => (a.pointer < b.pointer ? -1 : 1)), problems: named.sort() };
}

test("a check of schemas names new, lost and refused schemas, for people and by its exit code", async () => {
  const folder = join(temporaryFolder(), "store");
  const store = await openLmdbStore({ folder });
  const schemas = schemaFolder({ ...IMPACT_SCHEMAS, "account_config.other": { properties: { x: {} } } });
  try {
    const world = new ImpactWorld(store, randomOf(1));
    await world.services.tree(["root"], ["acme", "root"]);
    await world.put("acme", { b: "x", a: 2 });
  } finally {
    await store.close();
  }
  expect(await check(folder, schemas, schemas)).toEqual({
    code: 0,
    output: "No schema of a config is another.\n",
    errors: "",
  });
  const stricter = {
    ...inForce,
    properties: { ...inForce.properties, a: { type: "integer", maximum: 1, default: 0 } },
  };
  const next = schemaFolder({
    [ACCOUNT]: stricter,
    "account_config.new": { properties: { y: { default: 1 } } },
    "account_config.other": { properties: 5 },
  });
  const { code, output } = await check(folder, schemas, next);
  expect(code).toBe(2);
  for (const part of [
    "    BROKEN acme (has a document)\n      /a must be <= 1\n",
    "    CHANGED root\n      /a  1 -> 0  (SCHEMA)\n",
    "new: a new config\n",
    "other: no longer served: what is stored of it is out of force\n",
    "account_config.other.json\n  refused: /properties: ",
    "This breaks what is stored: 1 config of accounts get problems. A server that runs would go on with the schemas that it has.",
  ])
    expect(output).toContain(part);
  expect(await strata(["check"])).toMatchObject({ code: 1 });
});

test("a check of schemas names the option or the setting that a folder which cannot be used came by", async () => {
  const schemas = schemaFolder(IMPACT_SCHEMAS);
  const folder = join(temporaryFolder(), "store");
  await (await openLmdbStore({ folder })).close();
  const [nowhere, empty] = [join(temporaryFolder(), "nowhere"), temporaryFolder()];
  for (const [next, why] of [
    [nowhere, "cannot be read: ENOENT"],
    [empty, "holds no usable account_config.<id>.json"],
  ] as const) {
    const given = await check(folder, schemas, next);
    expect(given).toMatchObject({ code: 1, output: "" });
    expect(given.errors).toContain(`The schema folder ${next} ${why}`);
    expect(given.errors).toContain("--schemas names the folder.");
    expect(given.errors).not.toContain("STRATA_SCHEMAS");
    const inForce = await check(folder, next, schemas);
    expect(inForce).toMatchObject({ code: 1, output: "" });
    expect(inForce.errors).toContain("STRATA_SCHEMAS names the folder.");
  }
});

test("a check of schemas reads a store in Redis, while a gateway writes in it", async () => {
  const cell = randomUUID();
  const at = { target: parseRedisUrl(sharedRedisUrl()), cell };
  const store = await openRedisStore({ ...at, allowUnsafe: false, waitReplicas: 0 });
  onTestFinished(() => store.close());
  const world = new ImpactWorld(store, randomOf(1));
  await world.services.tree(["root"], ["acme", "root"], ["other", "root"]);
  await world.put("acme", { b: "x", a: 2 });
  const next = schemaFolder({
    ...IMPACT_SCHEMAS,
    [ACCOUNT]: {
      ...inForce,
      properties: { ...inForce.properties, a: { type: "integer", maximum: 1, default: 1 } },
    },
  });
  const checked = () =>
    strata(["check", "--store", sharedRedisUrl(), "--schemas", next, "--json"], {
      ...{ STRATA_SCHEMAS: world.schemas, STRATA_CELL: cell },
    });
  const { code, output } = await checked();
  const [{ accounts }] = JSON.parse(output).configs;
  expect([code, accounts.total, accounts.documents]).toEqual([2, 3, 1]);
  expect(accounts.listed).toMatchObject([
    { id: "acme", outcome: "BROKEN", problems: [{ pointer: "/a", keyword: "maximum" }] },
  ]);
  await world.put("acme", { b: "x", a: 1 });
  expect(await checked()).toMatchObject({ code: 0, errors: "" });
  const sequence = await store.versions({ accounts: [], documents: [] });
  await checked();
  expect(await store.versions({ accounts: [], documents: [] })).toEqual(sequence);
});
