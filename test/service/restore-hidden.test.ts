import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { OPEN_PRINCIPAL } from "../../src/auth/principal.js";
import type { Json, JsonObject } from "../../src/domain/json/json.js";
import { cases, SEED } from "../cases.js";
import { openTestStore } from "../store/test-store.js";
import { schemaFolder } from "../temporary-folder.js";
import { Services, written } from "./services.js";

const ROOT = { accountId: "root", configId: "open" };
const seen = { x: {}, deep: { type: "object", properties: { x: {} } } };
const hidden = { h: {}, deep: { type: "object", properties: { x: {}, h: {} } } };
const folderOf = (properties: object) =>
  schemaFolder({
    "account_config.open": { type: "object", properties },
    "system_config.open": { type: "object", properties: { ...seen, ...hidden } },
  });

/** Today's, which takes less of what is still declared, too. */
const strict = {
  x: { type: "integer", maximum: 1 },
  deep: {
    type: "object",
    properties: { x: { type: "integer" } },
    additionalProperties: false,
    maxProperties: 1,
  },
};

/** An account that wrote under a schema which declared more than today's. */
async function openPast(documents: readonly JsonObject[], today: object = seen): Promise<Services> {
  const store = await openTestStore();
  onTestFinished(() => store.close());
  const then = new Services(store, folderOf({ ...seen, ...hidden }));
  await then.tree(["root"]);
  for (const values of documents) written(await then.set("root", "open", values));
  return new Services(store, folderOf(today));
}

const restore = (services: Services, revision: number) =>
  services.configs.write(OPEN_PRINCIPAL, { target: ROOT, intent: { kind: "RESTORE", revision } });

const value = fc.constantFrom<Json>(1, 2, "a", [null], { x: 1 }, {});
const some = (names: readonly string[]) =>
  fc.dictionary(fc.constantFrom(...names), value, { maxKeys: names.length });
const visible = fc.record({ top: some(["x"]), deep: fc.option(some(["x"]), { nil: undefined }) });
const unseen = fc.record({ top: some(["h"]), deep: some(["h"]) });

function documentOf(
  { top, deep }: { top: JsonObject; deep?: JsonObject | undefined },
  below?: { top: JsonObject; deep: JsonObject },
  marker: Json = 0,
): JsonObject {
  const inside = { ...deep, ...below?.deep };
  return { ...top, ...below?.top, ...(Object.keys(inside).length > 0 && { deep: inside }), x: marker };
}

describe(`A restore, where today's schema hides what was written (LAW_SEED=${SEED})`, () => {
  it("puts back what the caller sees of the revision, and leaves the rest as it is stored", async () => {
    const services = await openPast([
      { x: 1, h: "then", deep: { x: 1, h: "then" } },
      { x: 2, h: "now", deep: { h: "now" } },
    ]);
    const { document, revision } = written(await restore(services, 1));
    expect(document).toEqual({ x: 1, deep: { x: 1 } });
    expect(revision).toBe(3);
    expect(await services.stored("root", "open")).toEqual({ x: 1, h: "now", deep: { x: 1, h: "now" } });
  });

  it("writes nothing where the caller sees no difference", async () => {
    const services = await openPast([
      { x: 1, h: "then" },
      { x: 1, h: "now" },
    ]);
    expect(written(await restore(services, 1)).revision).toBeUndefined();
    expect(await services.stored("root", "open")).toEqual({ x: 1, h: "now" });
  });

  it("answers the same, whatever the hidden values are", () =>
    fc.assert(
      fc.asyncProperty(visible, visible, unseen, unseen, async (then, now, hiddenThen, hiddenNow) => {
        const answers = [];
        for (const [past, present] of [
          [undefined, undefined],
          [hiddenThen, hiddenThen],
          [hiddenThen, hiddenNow],
        ] as const) {
          // Markers keep each write from being none.
          const services = await openPast([documentOf(then, past, 1), documentOf(now, present, 2)]);
          const result = await restore(services, 1);
          const { config, etag } = await services.read("root", "open");
          answers.push([
            result.result,
            result.result === "written" ? [result.document, result.changes] : result,
            config.values,
            etag,
          ]);
        }
        expect(answers[1]).toEqual(answers[0]);
        expect(answers[2]).toEqual(answers[0]);
      }),
      { numRuns: cases(15), seed: SEED },
    ));

  it("is refused by what the caller sees alone, and names nothing else, whatever is hidden", async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(visible, visible, unseen, unseen, async (then, now, hiddenThen, hiddenNow) => {
        const answers = [];
        for (const [past, present] of [
          [undefined, undefined],
          [hiddenThen, hiddenNow],
        ] as const) {
          const services = await openPast([documentOf(then, past, 2), documentOf(now, present, 1)], strict);
          const system = {
            kind: "CONSTRAIN",
            set: [{ pointer: "/deep", kind: "LOCK", reason: "r" }],
            remove: [],
          } as const;
          written(await services.write(undefined, "open", system));
          const result = await restore(services, 1);
          const answer = result.result === "written" ? [result.document, result.changes] : result;
          expect(JSON.stringify(answer)).not.toMatch(/\/h\b|"h"/);
          if (result.result === "invalid") refused++;
          answers.push(answer);
        }
        expect(answers[1]).toEqual(answers[0]);
      }),
      { numRuns: cases(15), seed: SEED },
    );
    expect(refused).toBeGreaterThan(0);
  });
});
