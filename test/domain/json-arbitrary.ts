import fc from "fast-check";
import type { Json, JsonObject, JsonObjectDraft } from "../../src/domain/json/json.js";

/** Few keys, so that layers meet; odd ones, so that nothing relies on nice ones. */
const KEYS = ["a", "b", "c", "10", "2", "", "a/b", "m~n", "é", "e\u0301", "𝒳", "toString", "default"];
const SCALARS: readonly Json[] = [0, 1, -1, 1.5, "", "x", "5", 5, true, false, "é", 9_007_199_254_740_991];

/**
 * Reads JSON out of bytes. Generating and shrinking bytes is many times faster than building trees of arbitraries, and
 * fewer and smaller bytes mean smaller JSON.
 */
class Genome {
  #at = 0;
  constructor(
    private readonly bytes: Uint8Array,
    private readonly nulls: boolean,
  ) {}

  next(): number {
    return this.bytes[this.#at++] ?? 0;
  }

  document(depth = 0): JsonObject {
    const object: JsonObjectDraft = {};
    const members = this.next() % (depth === 0 ? 6 : 4);
    for (let i = 0; i < members; i++) {
      const key = KEYS[this.next() % KEYS.length] as string;
      object[key] = this.value(depth + 1);
    }
    return object;
  }

  value(depth: number): Json {
    const choice = this.next() % 16;
    if (choice < 7 && depth < 5) return this.document(depth);
    if (choice === 7) return {};
    if (choice === 8 && depth < 5) return this.array(depth);
    if (choice < 11 && this.nulls) return null;
    return SCALARS[this.next() % SCALARS.length] as Json;
  }

  array(depth: number): Json {
    const items: Json[] = [];
    const length = this.next() % 3;
    for (let i = 0; i < length; i++) items.push(this.next() % 4 === 0 ? null : this.value(depth + 1));
    return items;
  }
}

/** `count` documents without nulls (but inside arrays), as a store would hold them. */
export function documents(count: number): fc.Arbitrary<JsonObject[]> {
  return decoded(count * 40, (genome) => Array.from({ length: count }, () => genome.document()), false);
}

/** Documents, then one more object as a caller might send it: nulls and all. */
export function documentsAndInput(
  count: number,
): fc.Arbitrary<{ documents: JsonObject[]; input: JsonObject }> {
  return fc
    .tuple(
      documents(count),
      decoded(40, (genome) => genome.document(), true),
    )
    .map(([stored, input]) => ({ documents: stored, input }));
}

/** One to five layers, some without a document. */
export function layers(): fc.Arbitrary<(JsonObject | undefined)[]> {
  return decoded(
    160,
    (genome) =>
      Array.from({ length: 1 + (genome.next() % 4) }, () =>
        genome.next() % 8 === 7 ? undefined : genome.document(),
      ),
    false,
  );
}

function decoded<T>(size: number, decode: (genome: Genome) => T, nulls: boolean): fc.Arbitrary<T> {
  return fc.uint8Array({ maxLength: size, size: "max" }).map((bytes) => decode(new Genome(bytes, nulls)));
}

/** Every pointer path of an object: members at any depth, objects and leaves alike. */
export function paths(object: JsonObject, prefix: readonly string[] = []): string[][] {
  return Object.entries(object).flatMap(([key, value]) => {
    const path = [...prefix, key];
    const inner = typeof value === "object" && value !== null && !Array.isArray(value);
    return inner ? [path, ...paths(value as JsonObject, path)] : [path];
  });
}
