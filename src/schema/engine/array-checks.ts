import type { Json, JsonObject } from "../../domain/json/json.js";
import { isOlder } from "../draft.js";
import type { Compiling } from "./compiling.js";
import type { Evaluated } from "./evaluated.js";
import { type Failure, type Says, together } from "./failure.js";
import type { Run } from "./run.js";
import { added, type Judge, type SchemaJudge } from "./schema-judge.js";

type JsonArray = readonly Json[];

/** Keywords about the items of arrays. */
export function addArrayChecks(schema: JsonObject, judge: SchemaJudge, compiling: Compiling): void {
  addCounts(schema, judge, compiling);
  addUniqueItems(schema, judge, compiling);
  addItems(schema, judge, compiling);
  addContains(schema, judge, compiling);
  addUnevaluated(schema, judge, compiling);
}

function addCounts({ minItems, maxItems }: JsonObject, judge: SchemaJudge, { says }: Compiling): void {
  for (const [keyword, limit, comparison] of [
    ["maxItems", maxItems, "more"],
    ["minItems", minItems, "fewer"],
  ] as const) {
    if (typeof limit !== "number") continue;
    const said = says(keyword, `must NOT have ${comparison} than ${limit} items`, limit);
    judge.add<JsonArray>(["array"], ({ length }) =>
      (comparison === "more" ? length > limit : length < limit) ? { says: said, finding: length } : undefined,
    );
  }
}

function addUniqueItems({ uniqueItems }: JsonObject, judge: SchemaJudge, { says }: Compiling): void {
  if (uniqueItems !== true) return;
  const failure = { says: says("uniqueItems", "must NOT have duplicate items", true) };
  judge.add<JsonArray>(["array"], (items, run) => {
    run.spend(items.length);
    const scalars = new Set<Json>();
    const texts = new Set<string>();
    for (const item of items) {
      if (typeof item === "object" && item !== null) texts.add(run.canonical(item));
      else scalars.add(item);
    }
    return scalars.size + texts.size === items.length ? undefined : failure;
  });
}

/** One schema for each of the first items, and one for the rest: said in two ways before 2020-12. */
function addItems(schema: JsonObject, judge: SchemaJudge, compiling: Compiling): void {
  const { prefixItems, items, additionalItems } = schema;
  const isOldTuple = Array.isArray(items);
  const first = isOldTuple ? items : Array.isArray(prefixItems) ? prefixItems : [];
  const rest = isOldTuple ? additionalItems : (items as Json | undefined);
  if (first.length === 0 && rest === undefined) return;
  const judges = first.map(compiling.inside);
  // Without a tuple a schema that is false says so of each item.
  const isClosed = rest === false && (isOldTuple || prefixItems !== undefined);
  const others = rest === undefined || isClosed ? undefined : compiling.inside(rest);
  const tooMany: Failure = {
    says: compiling.says(
      isOldTuple ? "additionalItems" : "items",
      `must NOT have more than ${first.length} items`,
    ),
  };
  judge.add<JsonArray>(["array"], (values, run, evaluated) => {
    run.spend(values.length >> 1);
    let inside: [string, Failure][] | undefined;
    const end = others === undefined ? Math.min(values.length, judges.length) : values.length;
    for (let index = 0; index < end; index++) {
      const failure = (judges[index] ?? others)?.judge(values[index] as Json, run);
      if (failure !== undefined) inside = added(inside, [String(index), failure]);
    }
    evaluated?.addItemsBelow(rest === undefined ? end : values.length);
    const parts = isClosed && values.length > judges.length ? [tooMany] : [];
    return inside === undefined ? together(parts) : { parts, inside };
  });
}

function addContains(schema: JsonObject, judge: SchemaJudge, compiling: Compiling): void {
  const { contains, minContains, maxContains } = schema;
  if (contains === undefined) return;
  const least = typeof minContains === "number" ? minContains : 1;
  const most = typeof maxContains === "number" ? maxContains : undefined;
  const searched = compiling.inside(contains);
  const counts = most === undefined ? `${least}` : `${least} and no more than ${most}`;
  const says = compiling.says("contains", `must contain at least ${counts} valid item(s)`);
  const evaluates = !isOlder(compiling.draft, "2020-12");
  judge.add<JsonArray>(["array"], (values, run, evaluated) => {
    const found = findItems(searched, values, run, evaluates ? evaluated : undefined);
    if (found.count < least) return { inside: found.others, says, finding: found.count };
    return most !== undefined && found.count > most ? { says, finding: found.count } : undefined;
  });
}

function findItems(searched: Judge, values: JsonArray, run: Run, evaluated: Evaluated | undefined) {
  const others: [string, Failure][] = [];
  let count = 0;
  for (const [index, value] of values.entries()) {
    const failure = searched.judge(value, run);
    if (failure !== undefined) others.push([String(index), failure]);
    else {
      count++;
      evaluated?.addItem(index);
    }
  }
  return { count, others };
}

function addUnevaluated({ unevaluatedItems }: JsonObject, judge: SchemaJudge, compiling: Compiling): void {
  if (unevaluatedItems === undefined) return;
  const others = unevaluatedItems === false ? undefined : compiling.inside(unevaluatedItems);
  judge.addLast((value, run, evaluated) => {
    if (!Array.isArray(value) || evaluated === undefined) return undefined;
    run.spend(value.length);
    const open = [...(value as JsonArray).keys()].filter((index) => !evaluated.hasItem(index));
    evaluated.addItemsBelow(value.length);
    if (others === undefined) return unevaluated(open, value.length, compiling);
    let inside: [string, Failure][] | undefined;
    for (const index of open) {
      const failure = others.judge(value[index] as Json, run);
      if (failure !== undefined) inside = added(inside, [String(index), failure]);
    }
    return inside && { inside };
  });
}

function unevaluated(open: readonly number[], length: number, { says }: Compiling): Failure | undefined {
  const [first] = open;
  if (first === undefined) return undefined;
  const isTail = first + open.length === length;
  const message = isTail ? `must NOT have more than ${first} items` : "must NOT have unevaluated items";
  const said: Says = says("unevaluatedItems", message);
  return { says: said, finding: open.length };
}
