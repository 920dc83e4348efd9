import fc from "fast-check";
import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { createApp } from "../../src/app.js";
import type { JsonObject } from "../../src/domain/json/json.js";
import { readSettings } from "../../src/env.js";
import { cases, SEED } from "../cases.js";
import { documentsAndInput } from "../domain/json-arbitrary.js";
import { OTHER_SETTINGS } from "../graphql/test-app.js";
import { OPEN_SCHEMAS } from "../service/services.js";
import { FAST_DISK, testStoreSettings } from "../store/test-store.js";
import { schemaFolder, temporaryFolder } from "../temporary-folder.js";
import { configUrl } from "./rest-app.js";

/** How many writes there are in all. */
const STEPS = cases(1_000);
const STEPS_PER_RUN = 50;
const ACCOUNTS = ["root", "reseller", "leaf"] as const;

const step = fc.record({
  face: fc.constantFrom("rest", "graphql"),
  account: fc.constantFrom(...ACCOUNTS),
  write: fc.constantFrom("set" as const, "patch" as const, "patch" as const, "reset" as const),
  values: documentsAndInput(0).map(({ input }) => input),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What both faces say of a config. */
interface State {
  readonly values: JsonObject;
  readonly etag: string;
}

test(`GraphQL and REST agree after each of ${STEPS} writes through either`, async () => {
  console.log(`faces agree: ${STEPS} writes, LAW_SEED=${SEED}`);
  const app = await openApp();
  // Has the same written through the other face each time.
  const twin = await openApp();
  let changes = 0;
  const follow = async (steps: readonly Step[]): Promise<void> => {
    for (const account of ACCOUNTS) {
      for (const one of [app, twin]) await one.inject({ method: "DELETE", url: configUrl(account, "open") });
    }
    let before = await readByGraphql(app);
    for (const one of steps) {
      const [write, writeTwin] =
        one.face === "rest" ? [writeByRest, writeByGraphql] : [writeByGraphql, writeByRest];
      const answered = [await write(app, one), await writeTwin(twin, one)];
      const after = await readByGraphql(app);
      for (const account of ACCOUNTS) expect(await readByRest(app, account)).toEqual(after[account]);
      expect(answered).toEqual([after[one.account], after[one.account]]);
      if (after[one.account]?.etag !== before[one.account]?.etag) changes++;
      before = after;
    }
  };
  const sequences = fc.array(step, { minLength: STEPS_PER_RUN, maxLength: STEPS_PER_RUN });
  await fc.assert(fc.asyncProperty(sequences, follow), {
    numRuns: Math.ceil(STEPS / STEPS_PER_RUN),
    seed: SEED,
  });
  expect(changes).toBeGreaterThan(STEPS / 4);
}, 3_600_000);

/** The whole service, with root, reseller and leaf in it. */
async function openApp(): Promise<FastifyInstance> {
  const settings = {
    ...readSettings({ STRATA_EXAMPLES: "off", STRATA_SCHEMAS: schemaFolder(OPEN_SCHEMAS) }),
    ...OTHER_SETTINGS,
    store: testStoreSettings(temporaryFolder(FAST_DISK)),
  };
  const app = await createApp(settings, pino({ level: "silent" }));
  onTestFinished(() => app.close());
  const create = "mutation ($input: CreateAccountInput!) { createAccount(input: $input) { account { id } } }";
  for (const [index, id] of ACCOUNTS.entries()) {
    const parentId = ACCOUNTS[index - 1];
    const input = { id, name: id, isReseller: id === "reseller", ...(parentId && { parentId }) };
    await ask(app, create, { input });
  }
  return app;
}

async function writeByRest(app: FastifyInstance, { account, write, values }: Step): Promise<State> {
  const method = ({ set: "PUT", patch: "PATCH", reset: "DELETE" } as const)[write];
  return restState(await app.inject({ method, url: configUrl(account, "open"), payload: { data: values } }));
}

async function readByRest(app: FastifyInstance, account: string): Promise<State> {
  return restState(await app.inject(configUrl(account, "open")));
}

type Response = Awaited<ReturnType<FastifyInstance["inject"]>>;

function restState(response: Response): State {
  const { id, ...values } = response.json().data;
  expect([response.statusCode < 300, id]).toEqual([true, "configs_open"]);
  return { values, etag: JSON.parse(String(response.headers.etag)) };
}

async function writeByGraphql(app: FastifyInstance, { account, write, values }: Step): Promise<State> {
  const given = { set: { values }, patch: { patch: values }, reset: {} }[write];
  const type = `${{ set: "Set", patch: "Patch", reset: "Reset" }[write]}ConfigInput!`;
  const written = "{ ... on ConfigWritten { config { values etag } } }";
  const query = `mutation ($input: ${type}) { answer: ${write}Config(input: $input) ${written} }`;
  const { answer } = await ask(app, query, { input: { accountId: account, configId: "open", ...given } });
  return (answer as { config: State }).config;
}

const FIELDS = ACCOUNTS.map((id) => `${id}: config(accountId: "${id}", configId: "open") { values etag }`);

async function readByGraphql(app: FastifyInstance): Promise<Record<string, State>> {
  return (await ask(app, `{ ${FIELDS.join(" ")} }`, {})) as Record<string, State>;
}

async function ask(
  app: FastifyInstance,
  query: string,
  variables: unknown,
): Promise<Record<string, unknown>> {
  const response = await app.inject({ method: "POST", url: "/graphql", payload: { query, variables } });
  const { data, errors } = response.json();
  expect(errors).toBeUndefined();
  return data;
}
