import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Json } from "../../src/domain/json/json.js";
import { tokensOf } from "../../src/domain/json/pointer.js";
import { flagKey, parseFlagKey } from "../../src/ofrep/flag-key.js";
import { cases, SEED } from "../cases.js";
import { TestApp } from "../graphql/test-app.js";
import { TOKEN_ACCESS } from "../http/token-access.js";
import { askFlags, type FlagAnswer, tokenFor } from "./ask-flags.js";
import { ACCOUNTS, CONFIGS, FIRST, HIDDEN, SETTINGS, type Step, step, take } from "./values-law-steps.js";

const STEPS = cases(320);
const STEPS_PER_RUN = 40;
const AT_ONCE = 3;

interface Told {
  readonly etag: string;
  readonly fields: readonly {
    readonly pointer: string;
    readonly value: Json;
    readonly pinned: boolean;
    readonly constraint: object | null;
    readonly source: {
      readonly kind: string;
      readonly account: { readonly id: string } | null;
      readonly revision: number | null;
    };
  }[];
  readonly values: Json;
}
const TOLD =
  "etag values fields { pointer value pinned constraint { kind } source { kind revision account { id } } }";

/** What one caller is told. */
interface Caller {
  readonly authorization: string;
}

const SEEN = new Set(SETTINGS.map(({ id, pointer }) => flagKey({ configId: id, pointer })));

let opened: TestApp;
let admin: Caller;
let callers: readonly Caller[];
beforeAll(async () => {
  opened = await TestApp.open(undefined, { access: TOKEN_ACCESS });
  const caller = async (claims: object) => ({ authorization: `Bearer ${await tokenFor({ ...claims })}` });
  admin = await caller({ superadmin: true });
  callers = [admin, await caller({ account_id: "summit" }), await caller({ account_id: "acme" })];
});
afterAll(() => opened.close());

test(`every leaf of every config is told as GraphQL tells it to the same caller, over ${STEPS} steps`, async () => {
  console.log(`ofrep values: ${STEPS} steps, LAW_SEED=${SEED}`);
  expect([CONFIGS.length, HIDDEN.length > 20]).toEqual([22, true]);
  const taken: string[] = [];
  const seen = { constrained: 0, pinned: 0, refused: 0 };
  const follow = async (steps: readonly Step[]) => {
    for (const one of steps) if (await take(opened, one, { ...admin })) taken.push(one.kind);
    for (const account of ACCOUNTS)
      for (const caller of callers) {
        const flags = await compare(account, caller);
        if (flags === undefined) seen.refused++;
        for (const { metadata } of flags ?? []) {
          if (metadata.constrained) seen.constrained++;
          if (metadata.pinned) seen.pinned++;
        }
      }
  };
  const runs = fc.array(step, { minLength: STEPS_PER_RUN, maxLength: STEPS_PER_RUN });
  await fc.assert(fc.asyncProperty(runs, follow), {
    numRuns: 1 + Math.ceil(STEPS / STEPS_PER_RUN),
    examples: [[[...FIRST]]],
    seed: SEED,
  });
  console.log(`${taken.length} of ${STEPS} steps were taken; ${JSON.stringify(seen)}`);
  expect(new Set(taken)).toEqual(new Set(["write", "constrain", "reseller"]));
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(0);
}, 3_600_000);

/** @returns the flags; undefined: GraphQL tells this caller of no such account, and neither do flags */
async function compare(account: string, caller: Caller): Promise<FlagAnswer[] | undefined> {
  const told = await byGraphql(account, caller);
  const { status, body } = await ask("", account, caller);
  if (told === undefined) {
    const alone = await ask(`/${CONFIGS[0]}`, account, caller);
    for (const refused of [{ status, body }, alone])
      expect(refused).toMatchObject({ status: 400, body: { errorCode: "INVALID_CONTEXT" } });
    return undefined;
  }
  expect(status).toBe(200);
  const flags: FlagAnswer[] = body.flags;
  const byKey = new Map(flags.map((flag) => [flag.key, flag]));
  expect(byKey.size).toBe(flags.length);
  for (const id of CONFIGS) {
    const config = told[id.replaceAll(".", "_")] as Told;
    for (const field of config.fields) {
      const key = flagKey({ configId: id, pointer: field.pointer });
      expect(byKey.get(key)).toEqual(flagOf(key, field, config.etag));
    }
    const whole = await ask(`/${id}`, account, caller);
    expect([whole.status, whole.body.value]).toEqual([200, config.values]);
    expectNothingElse(flags, id, config);
  }
  return flags;
}

function flagOf(key: string, field: Told["fields"][number], etag: string): FlagAnswer {
  const { value, pinned, constraint, source } = field;
  const isAbove = source.kind === "SYSTEM" || source.kind === "SCHEMA";
  return {
    key,
    value,
    reason: isAbove ? "STATIC" : "TARGETING_MATCH",
    variant: source.kind.toLowerCase(),
    metadata: {
      layer: source.kind,
      etag,
      ...(source.account !== null && { account: source.account.id }),
      ...(source.revision !== null && { revision: source.revision }),
      ...(constraint !== null && { constrained: true }),
      ...(pinned && { pinned: true }),
    },
  };
}

/** What a bulk answer has besides leaves is at its place in the values too, or is a declared setting that has no value. */
function expectNothingElse(flags: readonly FlagAnswer[], id: string, { fields, values }: Told): void {
  const accounts = new Set(fields.map(({ source }) => source.account?.id));
  const revisions = new Set(fields.map(({ source }) => source.revision ?? undefined));
  for (const { key, value, metadata } of flags) {
    const setting = parseFlagKey(key);
    if (setting?.configId !== id) continue;
    const at = tokensOf(setting.pointer).reduce<unknown>((object, name) => {
      const isInside = typeof object === "object" && object !== null && Object.hasOwn(object, name);
      return isInside ? (object as Record<string, unknown>)[name] : undefined;
    }, values);
    expect(value).toEqual(at);
    if (value === undefined) expect([key, SEEN.has(key), metadata.layer]).toEqual([key, true, undefined]);
    if (metadata.account !== undefined) expect(accounts).toContain(metadata.account);
    if (metadata.revision !== undefined) expect(revisions).toContain(metadata.revision);
  }
}

/** Undefined: the caller is told of no such account. */
async function byGraphql(account: string, caller: Caller): Promise<Record<string, Told> | undefined> {
  const configs = CONFIGS.map(
    (id) => `${id.replaceAll(".", "_")}: config(accountId: "${account}", configId: "${id}") { ${TOLD} }`,
  );
  const told = {};
  // All at once would be too dear.
  for (let first = 0; first < configs.length; first += AT_ONCE) {
    const query = `{ ${configs.slice(first, first + AT_ONCE).join(" ")} }`;
    const { data, errors } = await opened.client.post({ query }, { ...caller });
    if (errors?.every(({ extensions }) => extensions?.code === "ACCOUNT_NOT_FOUND")) return undefined;
    expect(errors).toBeUndefined();
    Object.assign(told, data);
  }
  return told;
}

function ask(path: string, account: string, caller: Caller) {
  return askFlags(opened.app, path, { context: { targetingKey: account } }, { ...caller });
}
