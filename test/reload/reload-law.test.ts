import { cpSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { cases, SEED } from "../cases.js";
import { temporaryFolder } from "../temporary-folder.js";
import { ChangingFolder, type Content, ReloadedApp } from "./reloaded-app.js";

const object = (properties: object, rest: object = {}) => ({ type: "object", properties, ...rest });
/** Contents of a file, and whether they compile: always, never, or where the file `shared` is there. */
const CONTENTS: readonly (readonly [content: Content, compiles: boolean | "shared"])[] = [
  [object({ a: { type: "integer", default: 1 }, b: { type: "string" } }), true],
  [object({ a: { type: "integer", maximum: 2 }, c: { type: "integer", default: 9 } }), true],
  [object({ a: { type: "string" }, b: { type: "string", default: "text" } }, { required: ["a"] }), true],
  [{ type: "object", additionalProperties: true }, true],
  [{ $ref: "shared" }, "shared"],
  ['{"type": "obj', false],
  [{ type: 12 }, false],
];
const SHARED = [object({ a: { default: "shared" } }), object({ b: { default: "other" } })];
const NAMES = ["account_config.x", "system_config.x", "account_config.y", "system_config.y"] as const;

/** For each file which of the contents it has; -1: there is no such file. */
type State = readonly number[];
type Step = {
  readonly folder: State;
  readonly write: readonly [account: number, config: number, patch: number];
};

const state = fc
  .tuple(
    ...NAMES.map(() => fc.integer({ min: -1, max: CONTENTS.length - 1 })),
    fc.integer({ min: -1, max: 1 }),
  )
  .map((numbers): State => numbers);
const step: fc.Arbitrary<Step> = fc.record({
  folder: state,
  write: fc.tuple(fc.nat(2), fc.nat(1), fc.nat(3)),
});

function filesOf(folder: State): Record<string, Content> {
  const files = NAMES.map((name, index) => [name, CONTENTS[folder[index] ?? -1]?.[0]] as const);
  return { ...Object.fromEntries(files), shared: SHARED[folder[NAMES.length] ?? -1] };
}

function served(folder: State): string[] {
  const hasShared = folder[NAMES.length] !== -1;
  return NAMES.filter((_, index) => {
    const compiles = CONTENTS[folder[index] ?? -1]?.[1] ?? false;
    return compiles === "shared" ? hasShared : compiles;
  });
}

/** Whether a gateway that serves one state takes the other. */
function mayFollow(before: State, after: State): boolean {
  const now = served(after);
  const isThere = (name: string) => after[NAMES.indexOf(name as (typeof NAMES)[number])] !== -1;
  return now.length > 0 && served(before).every((name) => now.includes(name) || !isThere(name));
}

const ACCOUNTS = ["root", "reseller", "leaf"];
const PATCHES = [{ a: 2 }, { a: "text", b: "own" }, { b: null, c: 3 }, { a: 5 }];
const CONFIG = `{ values etag fields { pointer value source { kind } contributions { value layer { kind } } } layers { kind document } problems { pointer keyword message source inherited } }`;
const QUERIES = [
  `{ configSchemas { configId accountSchema systemSchema defaults } }`,
  ...["x", "y"].flatMap((id) => [
    `{ systemConfig(configId: "${id}") ${CONFIG} }`,
    `{ ${ACCOUNTS.map((account) => `${account}: config(accountId: "${account}", configId: "${id}") ${CONFIG}`).join(" ")} }`,
  ]),
  `{ account(id: "leaf") { configs { configId values } } }`,
];

async function answers(app: ReloadedApp): Promise<unknown[]> {
  const asked: unknown[] = [];
  for (const query of QUERIES) asked.push(JSON.parse(await app.ask(query)));
  for (const account of ACCOUNTS) asked.push(await app.rest(`/accounts/${account}/configs/x`));
  return asked;
}

test(`after any reloads everything is answered as by a gateway that starts with the last folder (LAW_SEED=${SEED})`, async () => {
  let [replaced, refused] = [0, 0];
  const law = fc.asyncProperty(
    state,
    fc.array(step, { minLength: 1, maxLength: 6 }),
    async (first, steps) => {
      fc.pre(served(first).length > 0);
      const folder = new ChangingFolder(filesOf(first));
      const app = await ReloadedApp.open(folder.path);
      await app.plant();
      let inForce = first;
      const copyOfInForce = () => {
        const copy = join(temporaryFolder(), "schemas");
        cpSync(folder.path, copy, { recursive: true });
        return copy;
      };
      let copy = copyOfInForce();
      for (const { folder: next, write } of steps) {
        const [account, config, patch] = write;
        await app.patch(ACCOUNTS[account] ?? "", config ? "x" : "y", PATCHES[patch] ?? {});
        // What is asked twice is cached and, asked thrice, compiled.
        for (let times = 0; times < 3; times++) await answers(app);
        folder.write(filesOf(next));
        const { outcome } = await app.reload();
        const isTaken = mayFollow(inForce, next);
        expect(outcome === "refused").toBe(!isTaken);
        if (isTaken) [inForce, copy] = [next, copyOfInForce()];
        if (isTaken) replaced++;
        else refused++;
        await answers(app);
      }
      const told = await answers(app);
      const fresh = await app.startedAnew(copy);
      expect(told).toEqual(await answers(fresh));
      await fresh.app.close();
    },
  );
  await fc.assert(law, { numRuns: cases(12), seed: SEED });
  console.log(`${replaced} reloads, ${refused} refused`);
});
