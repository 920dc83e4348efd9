import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { readDeclared } from "../../../src/command/declared-files.js";
import { isEmpty, isObject, type Json, type JsonObject } from "../../../src/domain/json/json.js";
import { appendToken } from "../../../src/domain/json/pointer.js";
import type { Constraint } from "../../../src/domain/merge/constraint.js";
import { keptPins } from "../../../src/domain/write/pins.js";
import { applyPlan, serviceWriter } from "../../../src/service/plan/apply-plan.js";
import { makePlan } from "../../../src/service/plan/make-plan.js";
import type { Plan } from "../../../src/service/plan/plan.js";
import { valueAt } from "../../../src/service/write/pinned-content.js";
import { StoreTrial } from "../../../src/store/store-trial.js";
import { cases, SEED } from "../../cases.js";
import { openTestStore } from "../../store/test-store.js";
import { schemaFolder, temporaryFolder } from "../../temporary-folder.js";
import { putDocument } from "../put-document.js";
import { OPEN_SCHEMAS, Services } from "../services.js";

const CONFIG = "open";
const OWNERS = [undefined, "root", "shop", "leaf"] as const;
/** Few keys, so that layers meet: odd ones, and one that is an array's index elsewhere. */
const KEYS = ["a", "b", "", "0", "a/b~c", "toString"];
/** As a file spells them: the parser makes of some what no printer gives back. */
const SCALARS = [
  "0",
  "-0",
  "0.0",
  "1",
  "1.0",
  "1e0",
  "1e-7",
  "1.5e300",
  "5e-324",
  '"1"',
  '""',
  "true",
  "[]",
  "[null]",
  "[-0]",
];

/** JSON text of an object, with nulls where they may be. */
const objectText = (nulls: boolean): fc.Arbitrary<string> =>
  fc.letrec<{ object: string; value: string }>((tie) => ({
    object: fc
      .uniqueArray(fc.tuple(fc.constantFrom(...KEYS), tie("value")), {
        selector: ([key]) => key,
        maxLength: 4,
      })
      .map((members) => `{${members.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(",")}}`),
    value: fc.oneof(
      { maxDepth: 3, depthSize: "small" },
      fc.constantFrom(...SCALARS, "{}", ...(nulls ? ["null", "null"] : [])),
      tie("object"),
    ),
  })).object;

const stored = objectText(false).map((text) => JSON.parse(text) as JsonObject);

/** A document as it may have got into the store: with pins at some leaves, and with constraints. Places are by number. */
interface StoredDocument {
  readonly override: JsonObject;
  readonly pinned: readonly number[];
  readonly constraints: readonly { readonly at: number; readonly schema: JsonObject | undefined }[];
}

const document: fc.Arbitrary<StoredDocument> = fc.record({
  override: stored,
  pinned: fc.array(fc.nat(9), { maxLength: 3 }),
  constraints: fc.uniqueArray(
    fc.record({
      at: fc.nat(9),
      schema: fc.constantFrom<JsonObject | undefined>(
        undefined,
        { type: "object" },
        { maximum: 1 },
        { required: ["a"] },
      ),
    }),
    { selector: ({ at }) => at, maxLength: 2 },
  ),
});

/** A folder: for some layers nothing, an empty folder, or a file. */
const declared = fc.record({
  files: fc.tuple(...OWNERS.map(() => fc.option(fc.option(objectText(true)), { freq: 3 }))),
  prune: fc.boolean(),
});

/** An empty object is declared where the document has one with members, and a lock keeps that out of force. */
const LOCKED_OUT: [
  (StoredDocument | null)[],
  { files: [...(string | null)[]] & { length: 4 }; prune: boolean },
] = [
  [
    { override: { a: 0 }, pinned: [], constraints: [{ at: 0, schema: undefined }] },
    null,
    null,
    { override: { a: { b: 0 } }, pinned: [], constraints: [] },
  ],
  { files: [null, null, null, '{"a":{}}'], prune: false },
];

function places(object: JsonObject, prefix = ""): string[] {
  return Object.entries(object).flatMap(([key, value]) => {
    const at = appendToken(prefix, key);
    return isObject(value) ? [at, ...places(value, at)] : [at];
  });
}

/** The leaves that a file says something of. */
function saidBy(object: JsonObject, prefix = ""): [pointer: string, value: Json][] {
  return Object.entries(object).flatMap(([key, value]): [string, Json][] => {
    const at = appendToken(prefix, key);
    return isObject(value) && !isEmpty(value) ? saidBy(value, at) : [[at, value]];
  });
}

class World {
  readonly folder = join(temporaryFolder(), "declared");

  constructor(
    private readonly services: Services,
    private readonly schemas: string,
  ) {}

  async store(documents: readonly (StoredDocument | null)[]): Promise<void> {
    for (const [index, accountId] of OWNERS.entries()) {
      const { override = {}, pinned = [], constraints = [] } = documents[index] ?? {};
      const [all, key] = [places(override), { accountId, configId: CONFIG }];
      const at = (number: number) => all[number % all.length] ?? "";
      const bound = new Map(
        constraints.map(({ at: number, schema }): [string, Constraint] => {
          const [pointer, reason] = [at(number), "by chance"];
          return [
            pointer,
            schema ? { pointer, kind: "BOUNDS", schema, reason } : { pointer, kind: "LOCK", reason },
          ];
        }),
      );
      const isKept = !isEmpty(override) || bound.size > 0;
      await putDocument(this.services.store, key, isKept ? override : undefined, {
        constraints: [...bound.values()],
        pins: keptPins(new Set(pinned.map(at)), override),
      });
    }
  }

  declare(files: readonly (string | null | undefined)[], without: ReadonlySet<string> = new Set()): void {
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(join(this.folder, "system"), { recursive: true });
    for (const [index, owner = "system"] of OWNERS.entries()) {
      const [file, text] = [`${owner}/${CONFIG}.json`, files[index]];
      if (text === null) continue;
      mkdirSync(dirname(join(this.folder, file)), { recursive: true });
      if (text !== undefined && !without.has(file)) writeFileSync(join(this.folder, file), text);
    }
  }

  async plan(prune: boolean): Promise<Plan> {
    const store = new StoreTrial(this.services.store);
    const { configs } = new Services(store, this.schemas).patient();
    return makePlan({ store, configs }, await readDeclared(this.folder), { prune, accounts: 2 });
  }

  async expectDeclared({ dormant }: Plan): Promise<void> {
    const dormantAt = new Set(dormant.map(({ file, pointer }) => `${file}${pointer}`));
    for (const { file, target, values } of (await readDeclared(this.folder)).documents) {
      const { config } = await this.services.read(target.accountId, CONFIG);
      const own = config.layers[0]?.document ?? {};
      for (const [pointer, value] of saidBy(values)) {
        const [there, kept] = [config.valueAt(pointer), valueAt(own, pointer)];
        const plain = JSON.parse(JSON.stringify(value));
        if (value === null) expect(kept).toBeUndefined();
        // An empty object is held by any other.
        else if (dormantAt.has(`${file}${pointer}`) && !isObject(value)) expect(kept).toEqual(plain);
        else if (dormantAt.has(`${file}${pointer}`)) expect(isObject(kept)).toBe(true);
        // An empty object over another changes nothing, so it is not stored either.
        else if (isObject(value)) expect(isObject(there)).toBe(true);
        else {
          expect(there).toEqual(plain);
          // What is inherited anyway is kept as well, unless a constraint leaves the document no say.
          if (kept === undefined) expect(config.constraintAt(pointer)).toBeDefined();
          else expect(kept).toEqual(plain);
        }
      }
    }
  }
}

test(`plan, apply, plan: the second is empty, whatever is stored, constrained, pinned and declared (LAW_SEED=${SEED})`, async () => {
  const store = await openTestStore();
  onTestFinished(() => store.close());
  const schemas = schemaFolder(OPEN_SCHEMAS);
  const services = new Services(store, schemas).patient();
  await services.tree(["root"], ["shop*", "root"], ["leaf", "shop"]);
  const world = new World(services, schemas);
  let writes = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.option(document, { freq: 5 }), { minLength: 4, maxLength: 4 }),
      declared,
      async (documents, { files, prune }) => {
        await world.store(documents);
        world.declare(files);
        // What cannot be as declared is left out, as a person would.
        const refused = new Set((await world.plan(prune)).refused.map(({ file }) => file));
        world.declare(files, refused);
        const planned = await world.plan(prune && refused.size === 0);
        fc.pre(planned.refused.length === 0);
        const options = { note: "law", signal: new AbortController().signal };
        expect(await applyPlan(serviceWriter(services.configs), planned, options)).toEqual({
          made: planned.writes.length,
        });
        writes += planned.writes.length;
        const again = await world.plan(prune && refused.size === 0);
        expect(again).toMatchObject({ writes: [], refused: [] });
        await world.expectDeclared(again);
      },
    ),
    { numRuns: cases(100, 1_000), seed: SEED, examples: [LOCKED_OUT] },
  );
  expect(writes).toBeGreaterThan(0);
}, 3_600_000);
