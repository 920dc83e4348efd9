import { readFileSync } from "node:fs";
import { pino } from "pino";
import { describe, expect, onTestFinished, test } from "vitest";
import { createApp } from "../src/app.js";
import { ERROR_CODES } from "../src/domain/errors.js";
import { readSettings } from "../src/env.js";
import { QUERY_LIMITS } from "../src/graphql/server/query/query-limits.js";
import { temporaryFolder } from "./temporary-folder.js";

const ROOT = new URL("..", import.meta.url);
const page = (name: string): string => readFileSync(new URL(name, ROOT), "utf8");
const readme = page("README.md");

test("every error code has its line in docs/errors.md, in order, and no other has", () => {
  const documented = [...page("docs/errors.md").matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code);
  expect(documented).toEqual([...ERROR_CODES]);
});

test("every limit of a query is named in docs/errors.md", () => {
  const named = page("docs/errors.md");
  // `work` is told as `response`.
  for (const limit of Object.keys(QUERY_LIMITS))
    if (limit !== "work") expect(named).toContain(`\`${limit}\``);
});

test("docs/live-transports.md shows the code of examples/live-client", () => {
  const blocks = [...page("docs/live-transports.md").matchAll(/^```ts title="([\w.-]+)"\n(.*?)^```$/gms)];
  expect(blocks.length).toBe(5);
  for (const [, title = "", code] of blocks) expect(code).toBe(page(`examples/live-client/${title}`));
});

describe("the README", () => {
  const rows = [...readme.matchAll(/^\| `(STRATA_[A-Z_]+)` \| (?:`([^`]+)`|none) \|/gm)].map(
    ([, name = "", value = ""]) => [name, value] as const,
  );

  test("lists every setting", () => {
    const inCode = new Set(
      page("src/env.ts")
        .match(/STRATA_[A-Z_]+/g)
        ?.filter((name) => name !== "STRATA_"),
    );
    expect(rows.map(([name]) => name).sort()).toEqual([...inCode].sort());
  });

  test("gives the defaults that hold", () => {
    expect(readSettings(Object.fromEntries(rows.filter(([, value]) => value !== "")))).toEqual(
      readSettings({}),
    );
  });

  test("shows the first query's real answer", async () => {
    const body = /-d '(\{"query".*\})'/.exec(readme)?.[1] ?? "";
    const answer = /```json\n(\{\n {2}"data".*?)\n```/s.exec(readme)?.[1] ?? "";
    const settings = { ...readSettings({}), store: { kind: "lmdb" as const, folder: temporaryFolder() } };
    const app = await createApp(settings, pino({ level: "silent" }));
    onTestFinished(() => app.close());
    const response = await app.inject({ method: "POST", url: "/graphql", payload: JSON.parse(body) });
    expect(response.json()).toEqual(JSON.parse(answer));
    const sources = new Set(JSON.stringify(JSON.parse(answer)).match(/"kind":"[A-Z]+"/g));
    expect(sources.size).toBe(4);
  });

  test("links to pages that exist", () => {
    const links = [...readme.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, link = ""]) => link);
    expect(links.length).toBeGreaterThan(6);
    for (const link of links) expect(() => page(link).length).not.toThrow(/ENOENT/);
  });
});
