import { expect, test } from "vitest";
import { createRoute } from "./docs/bff.js";
import { openStrata } from "./strata.js";

const strata = openStrata();

async function ask(account: string, token: string | undefined) {
  const route = createRoute(strata.url);
  const headers: HeadersInit = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await route(new Request(`http://bff.example/conferences?account=${account}`, { headers }));
  expect(answer.headers.get("cache-control")).toBe("private, no-store");
  return { status: answer.status, body: (await answer.json()) as unknown };
}

test("a route of a BFF answers what the caller's own token allows", async () => {
  const [acme, globex] = [await strata.token("acme"), await strata.token("globex")];
  expect(await ask("acme", acme)).toMatchObject({ status: 200, body: { values: { pin_timeout: 3000 } } });
  expect(await ask("acme", globex)).toEqual({ status: 404, body: { code: "ACCOUNT_NOT_FOUND" } });
  expect(await ask("acme", undefined)).toEqual({ status: 401, body: { code: "UNAUTHENTICATED" } });
  expect(await ask("acme", "stale")).toEqual({ status: 401, body: { code: "UNAUTHENTICATED" } });
  expect(await ask("", acme)).toEqual({ status: 400, body: { code: "BAD_USER_INPUT" } });
});

test("a route of a BFF says that Strata cannot be reached", async () => {
  const route = createRoute("http://127.0.0.1:1/graphql");
  const answer = await route(new Request("http://bff.example/conferences?account=acme"));
  expect([answer.status, await answer.json()]).toEqual([502, { code: "UNREACHABLE" }]);
});
