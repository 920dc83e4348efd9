import { SignJWT } from "jose";
import { expect, test } from "vitest";
import { cases, SEED } from "../cases.js";
import type { GraphqlFailure } from "../graphql/graphql-client.js";
import { OTHER_SETTINGS, TestApp } from "../graphql/test-app.js";
import { sampled } from "../sampled.js";
import { SECRET, TOKEN_ACCESS } from "./token-access.js";

/**
 * Every kind of caller, every operation of both faces, every account of a tree: the answer is what the tree says, and
 * where it is "there is none" it is so byte for byte.
 */
const SCHEMAS = {
  "account_config.mail": { type: "object", properties: { host: {}, port: {} } },
  "system_config.mail": { type: "object", properties: { host: {}, port: {}, password: {} } },
};

const ACCOUNTS = 50;
const NOBODYS = "nobody";
const parentOf = (index: number) => Math.floor((index - 1) / 2);
const idOf = (index: number) => (index < 0 ? NOBODYS : index === 0 ? "root" : `a${index}`);
/** Each account has two below it, as long as there are any. */
const hasChildren = (index: number) => 2 * index + 1 < ACCOUNTS;

function isAtOrBelow(index: number, top: string | undefined): boolean {
  return idOf(index) === top || (index > 0 && isAtOrBelow(parentOf(index), top));
}

interface Caller {
  readonly name: string;
  readonly token: string | undefined;
  readonly accountId: string | undefined;
  readonly isSuperadmin: boolean;
  readonly scopes: readonly string[];
}
const VERDICTS = ["FORBIDDEN", "UNAUTHENTICATED", "absent", "allowed"] as const;
type Verdict = (typeof VERDICTS)[number];

function verdictOn(caller: Caller, action: "read" | "write", index: number): Verdict {
  if (caller.token === undefined) return "UNAUTHENTICATED";
  const isGiven = caller.scopes.includes("config:write") || caller.scopes.includes(`config:${action}`);
  if (!isGiven) return "FORBIDDEN";
  if (index < 0) return "absent";
  return caller.isSuperadmin || isAtOrBelow(index, caller.accountId) ? "allowed" : "absent";
}

const now = () => Math.floor(Date.now() / 1_000);
async function caller(
  name: string,
  { accountId, isSuperadmin = false, scope = "config:read config:write", age = 0 }: CallerKind,
): Promise<Caller> {
  const claims = { sub: name, scope, superadmin: isSuperadmin, ...(accountId && { account_id: accountId }) };
  const iat = now() - age;
  const token = await new SignJWT({ ...claims, iat, exp: iat + 7_200 })
    .setProtectedHeader({ alg: "HS256" })
    .sign(new TextEncoder().encode(SECRET));
  // A token older than the accounts is nobody's.
  return { name, token, accountId: age > 0 ? undefined : accountId, isSuperadmin, scopes: scope.split(" ") };
}
interface CallerKind {
  readonly accountId?: string | undefined;
  readonly isSuperadmin?: boolean;
  readonly scope?: string;
  readonly age?: number;
}

/** One at home in many accounts, and three of less common kinds in some of them; in a long run, in all of them. */
async function allCallers(): Promise<Caller[]> {
  const homes = ["root", ...Array.from({ length: ACCOUNTS - 1 }, (_, index) => idOf(index + 1)), "gone"];
  const [many, some] = [sampled(homes, cases(20)), sampled(homes, cases(6))];
  console.log(`${many.length} and ${some.length} homes, LAW_SEED=${SEED}`);
  const kinds = [
    ...many.map((accountId): [string, CallerKind] => [`both at ${accountId}`, { accountId }]),
    ...some.flatMap((accountId): [string, CallerKind][] => [
      [`reader at ${accountId}`, { accountId, scope: "config:read" }],
      [`writer at ${accountId}`, { accountId, scope: "config:write" }],
      [`old at ${accountId}`, { accountId, age: 3_600 }],
    ]),
  ];
  kinds.push(["superadmin", { isSuperadmin: true }]);
  kinds.push(["reading superadmin", { isSuperadmin: true, accountId: "a7", scope: "config:read" }]);
  const nobody: Caller = {
    name: "without a token",
    token: undefined,
    accountId: undefined,
    isSuperadmin: false,
    scopes: [],
  };
  return [nobody, ...(await Promise.all(kinds.map(([name, kind]) => caller(name, kind))))];
}

const ALL = Array.from({ length: ACCOUNTS + 1 }, (_, index) => (index === ACCOUNTS ? -1 : index));
const target = (id: string) => `accountId: "${id}", configId: "mail"`;
interface Operation {
  readonly action: "read" | "write";
  readonly field: (id: string) => string;
  /** What is done to these alone; absent: to all. */
  readonly on?: readonly number[];
  /** The code that the operation ends with where it is allowed. */
  readonly outcome?: string;
  /** The code that it ends with on the caller's own account, where that differs. */
  readonly ownOutcome?: string;
  /** Absence is an answer, and no error. */
  readonly tellsByNull?: true;
}
const READS: Record<string, Operation> = {
  config: { action: "read", field: (id) => `config(${target(id)}) { etag }` },
  account: { action: "read", field: (id) => `account(id: "${id}") { id }`, tellsByNull: true },
  accounts: { action: "read", field: (id) => `accounts(parentId: "${id}", first: 1) { totalCount }` },
};
const WRITES: Record<string, Operation> = {
  setConfig: {
    action: "write",
    field: (id) => `setConfig(input: { ${target(id)}, values: { host: "x" }, dryRun: true }) { __typename }`,
  },
  patchConfig: {
    action: "write",
    field: (id) => `patchConfig(input: { ${target(id)}, patch: { host: "x" }, dryRun: true }) { __typename }`,
  },
  resetConfig: {
    action: "write",
    field: (id) => `resetConfig(input: { ${target(id)}, dryRun: true }) { __typename }`,
  },
  updateAccount: {
    action: "write",
    field: (id) => `updateAccount(input: { id: "${id}" }) { account { id } }`,
  },
  moveAccount: {
    action: "write",
    field: (id) => `updateAccount(input: { id: "${id}", parentId: "${id}" }) { account { id } }`,
    outcome: "ACCOUNT_CYCLE",
    ownOutcome: "FORBIDDEN",
  },
  deleteAccount: {
    action: "write",
    field: (id) => `deleteAccount(input: { id: "${id}" }) { deletedAccountId }`,
    on: ALL.filter((index) => index < 0 || hasChildren(index)),
    outcome: "ACCOUNT_HAS_CHILDREN",
    ownOutcome: "FORBIDDEN",
  },
};

async function openTree(): Promise<TestApp> {
  const opened = await TestApp.forTest(SCHEMAS, { ...OTHER_SETTINGS, access: TOKEN_ACCESS, examples: false });
  const { token } = await caller("maker", { isSuperadmin: true });
  for (let index = 0; index < ACCOUNTS; index++) {
    const parent = index === 0 ? "" : `, parentId: "${idOf(parentOf(index))}"`;
    const query = `mutation { createAccount(input: { id: "${idOf(index)}", name: "x"${parent} }) { account { id } } }`;
    const { data } = await opened.client.post({ query }, { authorization: `Bearer ${token}` });
    expect(data?.createAccount).toBeTruthy();
  }
  // Tokens count in whole seconds: what is issued from now on is not older than an account.
  return opened;
}

function headersOf({ token }: Caller): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

test("GraphQL: every caller, every operation, every account", async () => {
  const { client } = await openTree();
  const met = new Set<Verdict>();
  let decisions = 0;
  const judge = async (as: Caller, kind: "query" | "mutation", name: string, operation: Operation) => {
    const { field, action, on = ALL, ownOutcome, tellsByNull } = operation;
    const fields = on.map((index) => `${alias(index)}: ${field(idOf(index))}`);
    const {
      data,
      errors = [],
      status,
    } = await client.post({ query: `${kind} { ${fields.join(" ")} }` }, headersOf(as));
    if (as.token === undefined) {
      expect([status, errors[0]?.extensions.code]).toEqual([401, "UNAUTHENTICATED"]);
      met.add("UNAUTHENTICATED");
      decisions += on.length;
      return;
    }
    const failures = new Map(errors.map((error) => [String(error.path?.[0]), error]));
    const absent = told(data?.[alias(-1)], failures.get(alias(-1)));
    for (const index of on) {
      const [value, failure] = [data?.[alias(index)], failures.get(alias(index))];
      const verdict = verdictOn(as, action, index);
      met.add(verdict);
      const where = `${as.name} ${name} ${idOf(index)}`;
      const isOwn = !as.isSuperadmin && as.accountId === idOf(index);
      const outcome = isOwn && ownOutcome !== undefined ? ownOutcome : operation.outcome;
      if (verdict === "absent") {
        expect(told(value, failure), where).toBe(absent);
        expect(failure?.extensions.code, where).toBe(tellsByNull ? undefined : "ACCOUNT_NOT_FOUND");
      } else if (verdict === "allowed") {
        expect(failure?.extensions.code, where).toBe(outcome);
        if (outcome === undefined) expect(value, where).toBeTruthy();
      } else expect(failure?.extensions.code, where).toBe(verdict);
      decisions++;
    }
  };
  await someAtOnce(16, await allCallers(), async (as) => {
    for (const [name, operation] of Object.entries(READS)) await judge(as, "query", name, operation);
    for (const [name, operation] of Object.entries(WRITES)) await judge(as, "mutation", name, operation);
  });
  console.log(`${decisions} decisions over GraphQL`);
  expect([...met].sort()).toEqual(VERDICTS);
}, 300_000);

test("REST: every caller, every method, every account", async () => {
  const { app } = await openTree();
  const met = new Set<Verdict>();
  let decisions = 0;
  const send = async (as: Caller, method: Method, id: string) => {
    const response = await app.inject({
      method,
      url: `/v2/accounts/${id}/configs/mail`,
      headers: { host: "127.0.0.1", "x-request-id": "r1", ...headersOf(as) },
      ...(["PUT", "POST", "PATCH"].includes(method) && { payload: { data: { host: "x" } } }),
    });
    // The answer names the account that was asked for, and when.
    const text = response.payload.replaceAll(`"${id}"`, '"ID"').replace(/"timestamp":"\d+"/, "");
    return { status: response.statusCode, text: `${JSON.stringify(steady(response.headers))} ${text}` };
  };
  await someAtOnce(4, await allCallers(), async (as) => {
    for (const method of METHODS) {
      const action = method === "GET" ? "read" : "write";
      const absent = await send(as, method, NOBODYS);
      const judge = async (index: number) => {
        const { status, text } = await send(as, method, idOf(index));
        const verdict = verdictOn(as, action, index);
        met.add(verdict);
        const where = `${as.name} ${method} ${idOf(index)}: ${text}`;
        if (verdict === "absent") expect([status, text], where).toEqual([404, absent.text]);
        else if (verdict === "allowed") expect([200, 201, 409, 503], where).toContain(status);
        else expect(status, where).toBe(verdict === "FORBIDDEN" ? 403 : 401);
        decisions++;
      };
      await Promise.all(ALL.map(judge));
    }
  });
  console.log(`${decisions} decisions over REST`);
  expect([...met].sort()).toEqual(VERDICTS);
}, 300_000);

/**
 * What is foreign or absent takes a set time to be told: callers wait side by side. Where each of them writes all that
 * it may at once, they are fewer: a write that waits too long for those before it is told to come again.
 */
async function someAtOnce(
  most: number,
  callers: readonly Caller[],
  ask: (as: Caller) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < callers.length; at += most) await Promise.all(callers.slice(at, at + most).map(ask));
}

const METHODS = ["GET", "PUT", "POST", "PATCH", "DELETE"] as const;
type Method = (typeof METHODS)[number];

function alias(index: number): string {
  return index < 0 ? NOBODYS : `x${index}`;
}

/** Everything of an answer but its place. */
function told(value: unknown, failure: GraphqlFailure | undefined): string {
  return JSON.stringify([value, failure?.message, failure?.extensions]);
}

/** Without what depends on the moment, or on how long the id is. */
function steady(headers: Record<string, unknown>): [string, unknown][] {
  return Object.entries(headers).filter(([name]) => name !== "date" && name !== "content-length");
}
