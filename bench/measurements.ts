import { type ContenderName, TOKEN_SECRET } from "./contenders.js";
import type { AccountOrder } from "./loader/account-order.js";
import type { RequestTemplate } from "./loader/request-template.js";
import { UNLEASH_TOKEN } from "./servers/peers.js";
import {
  type BatchForm,
  batch,
  get,
  heavy,
  hello,
  light,
  patch,
  postgraphileHeavy,
} from "./workload/queries.js";
import { createToken } from "./workload/token.js";

/** What a server is asked. */
export interface Work {
  readonly template: RequestTemplate;
  readonly other?: { readonly percent: number; readonly template: RequestTemplate };
  readonly order: AccountOrder;
  /** How many things of a kind one request asks for: configs, or fields. */
  readonly units?: number;
}

/** One contender doing one kind of work. */
export interface Measurement extends Work {
  readonly contender: ContenderName;
}

/** One that is nowhere near the most popular ones, which are patched now and then. */
export const HOT_ACCOUNT = 777;
const BATCH = 100;
/** Accounts that a working set has where one is asked for at a time: as many as ten lists have. */
const WORKING_SET = 1_000;

export type Measurements = Readonly<Record<string, Measurement>>;

export function createMeasurements(accounts: number, form: BatchForm): Measurements {
  const hot: AccountOrder = { kind: "same", account: HOT_ACCOUNT };
  const cold: AccountOrder = { kind: "inTurn", count: accounts, step: 1 };
  const some: AccountOrder = { kind: "inTurn", count: WORKING_SET, step: 1 };
  const zipf: AccountOrder = { kind: "zipf", count: accounts };
  const mixed = { template: heavy(), other: { percent: 5, template: patch() }, order: zipf };
  const authorized = withToken(heavy());
  return {
    "hello apollo": { contender: "apollo", template: hello(), order: hot },
    "body static": { contender: "static", template: heavy(), order: hot },
    "heavy hot lmdb": { contender: "strata-lmdb", template: heavy(), order: hot },
    "heavy hot redis": { contender: "strata-redis", template: heavy(), order: hot },
    "heavy hot postgraphile": { contender: "postgraphile", template: postgraphileHeavy(), order: hot },
    "heavy hot mercurius": { contender: "mercurius", template: heavy(), order: hot },
    "values hot lodash": {
      contender: "lodash",
      template: get("/accounts/{account}/configs/phone", '"group_0"'),
      order: hot,
    },
    "heavy hot token": { contender: "strata-token", template: authorized, order: hot },
    "heavy hot gzip": { contender: "strata-lmdb", template: compressed("gzip"), order: hot },
    "heavy hot br": { contender: "strata-lmdb", template: compressed("br"), order: hot },
    "heavy hot limited": { contender: "strata-limited", template: heavy(), order: hot },
    "heavy hot quiet": { contender: "strata-quiet", template: heavy(), order: hot },
    "heavy cold lmdb": { contender: "strata-lmdb", template: heavy(), order: cold },
    "heavy cold redis": { contender: "strata-redis", template: heavy(), order: cold },
    "heavy cold postgraphile": { contender: "postgraphile", template: postgraphileHeavy(), order: cold },
    "light lmdb": { contender: "strata-lmdb", template: light(), order: some },
    "batch lmdb": {
      contender: "strata-lmdb",
      template: batch(form, BATCH),
      order: { kind: "inTurn", count: WORKING_SET / BATCH, step: BATCH },
      units: BATCH,
    },
    "mixed lmdb": { contender: "strata-lmdb", ...mixed },
    "mixed redis": { contender: "strata-redis", ...mixed },
    "write lmdb": { contender: "strata-lmdb", template: patch(), order: some },
    "write redis": { contender: "strata-redis", template: patch(), order: some },
    "heavy 1e3 accounts": { contender: "strata-1e3", template: heavy(), order: some },
    "heavy 1e6 accounts": { contender: "strata-1e6", template: heavy(), order: { ...some, step: 1_000 } },
    "flags unleash": {
      contender: "unleash",
      template: get("/api/client/features", '"setting_29"', { authorization: UNLEASH_TOKEN }),
      order: hot,
    },
  };
}

function compressed(coding: string): RequestTemplate {
  const template = heavy();
  const headers = { ...template.headers, "accept-encoding": coding };
  return { ...template, headers, expected: `content-encoding: ${coding}` };
}

function withToken(template: RequestTemplate): RequestTemplate {
  return {
    ...template,
    headers: { ...template.headers, authorization: `Bearer ${createToken(TOKEN_SECRET)}` },
  };
}
