import { randomUUID } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { createApp } from "../../../src/app.js";
import { readSettings } from "../../../src/env.js";
import { parseRedisUrl } from "../../../src/store/redis/redis-url.js";
import { OTHER_SETTINGS } from "../../graphql/test-app.js";
import { configUrl } from "../../rest/rest-app.js";
import { OPEN_SCHEMAS } from "../../service/services.js";
import { schemaFolder, temporaryFolder } from "../../temporary-folder.js";
import { sharedRedisUrl } from "../run-redis.js";

const WRITES = process.env.STRATA_TEST_LONG === "1" ? 10_000 : 300;
const AT_ONCE = 20;
const CONFIGS = 8;
const ATTEMPTS = 200;
const MOST_PATIENCE_MS = 10_000;

/** A gateway on a cell that several share, at an address of its own. */
async function openGateway(cell: string, schemas: string): Promise<{ app: FastifyInstance; url: string }> {
  const store = {
    kind: "redis",
    target: parseRedisUrl(sharedRedisUrl()),
    cell,
    allowUnsafe: false,
    waitReplicas: 0,
    stateFolder: temporaryFolder(),
  } as const;
  const settings = {
    ...readSettings({ STRATA_EXAMPLES: "off", STRATA_SCHEMAS: schemas }),
    ...OTHER_SETTINGS,
    store,
  };
  const app = await createApp(settings, pino({ level: "silent" }));
  onTestFinished(() => app.close());
  return { app, url: await app.listen({ host: "127.0.0.1", port: 0 }) };
}

/** Sends a write to any gateway until its answer has come: the caller goes away at any moment, and answers get lost. */
async function writeUntilAnswered(
  urls: readonly string[],
  n: number,
): Promise<{ attempts: number; replayed: boolean }> {
  const id = randomUUID();
  const outcomes = new Map<string, number>();
  const count = (outcome: string) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  for (let attempts = 1; attempts <= ATTEMPTS; attempts++) {
    const url = urls[Math.floor(Math.random() * urls.length)] ?? "";
    // Who gives up as soon the next time makes an overload last: a gateway works for callers that are gone, and answers nobody.
    const patience = Math.min(MOST_PATIENCE_MS, 1 + Math.floor(Math.random() * 500 * 1.2 ** attempts));
    try {
      const answer = await fetch(`${url}${configUrl("root", `c${n % CONFIGS}`)}`, {
        method: "PATCH",
        headers: { "content-type": "application/json", "idempotency-key": `"${id}"` },
        body: JSON.stringify({ data: { n } }),
        signal: AbortSignal.timeout(patience),
      });
      const text = await answer.text();
      count(`${answer.status} ${/"message":"([^"]*)"/.exec(text)?.[1] ?? ""}`);
      // Lost on its way: as good as never sent.
      if (Math.random() < 0.4) continue;
      if (answer.status === 200)
        return { attempts, replayed: answer.headers.get("idempotent-replayed") === "true" };
      // A request that came too slowly did nothing either: this process may have been without a processor.
      const isLost = answer.status === 408 || answer.status >= 500;
      if (!isLost) throw new Error(`refused: ${answer.status}`);
    } catch (error) {
      if (error instanceof Error && error.message.startsWith("refused")) throw error;
      count(String(error));
    }
  }
  const told = [...outcomes].map(([outcome, times]) => `${times} times ${outcome}`).join("\n");
  throw new Error(`no answer to write ${n} after ${ATTEMPTS} attempts:\n${told}`);
}

test(`each of ${WRITES} writes is done once, over two gateways, whatever becomes of its answers`, async () => {
  const cell = randomUUID();
  const configs = Array.from({ length: CONFIGS }, (_, n) => [
    `account_config.c${n}`,
    OPEN_SCHEMAS["account_config.open"],
  ]);
  const schemas = schemaFolder(Object.fromEntries(configs));
  const gateways = [await openGateway(cell, schemas), await openGateway(cell, schemas)];
  const [first] = gateways;
  if (first === undefined) throw new Error("no gateway");
  const post = async (query: string) =>
    (
      await first.app.inject({
        method: "POST",
        url: "/graphql",
        headers: { host: "127.0.0.1" },
        payload: { query },
      })
    ).json();
  await post('mutation { createAccount(input: { id: "root", name: "root" }) { account { id } } }');
  const urls = gateways.map(({ url }) => url);
  let [next, attempts, replays] = [0, 0, 0];
  const work = async (): Promise<void> => {
    while (next < WRITES) {
      const done = await writeUntilAnswered(urls, next++);
      attempts += done.attempts;
      if (done.replayed) replays++;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  console.log(`retries: ${WRITES} writes took ${attempts} attempts; ${replays} were answered by a replay`);
  expect(replays).toBeGreaterThan(0);
  const revisions = Array.from(
    { length: CONFIGS },
    (_, n) => `c${n}: config(accountId: "root", configId: "c${n}") { layers { revision } }`,
  );
  const { data } = await post(`{ ${revisions.join(" ")} }`);
  // Each write changes its document, as each has a value of its own: so many revisions, so many times were they done.
  const sum = Object.values(data as Record<string, { layers: { revision: number | null }[] }>)
    .map(({ layers }) => layers[0]?.revision ?? 0)
    .reduce((total, revision) => total + revision, 0);
  expect(sum).toBe(WRITES);
}, 3_600_000);
