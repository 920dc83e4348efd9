import type { Json, JsonObject } from "../domain/json/json.js";
import { appendToken } from "../domain/json/pointer.js";
import type { Draft } from "./draft.js";
import type { Failure, Says } from "./engine/failure.js";
import { Run, STEP_LIMIT, TooManySteps } from "./engine/run.js";
import { SchemaCompiler } from "./engine/schema-compiler.js";
import type { Judge } from "./engine/schema-judge.js";
import type { Format } from "./formats.js";

/** One way in which values break a schema. */
export interface Rejection {
  /** Where; of a missing member, where it should be. May go into arrays. */
  readonly pointer: string;
  /** The JSON Schema keyword that says so; `validationSteps` when it takes too long to find out. */
  readonly keyword: string;
  /** For a person; holds no values. */
  readonly message: string;
  /** The value of the keyword, where that is plain data. */
  readonly expected?: Json;
  /**
   * What the keyword found: which branches passed, how many members there are, of which type a value is. A problem is
   * another one when its finding is. Holds no values.
   */
  readonly finding?: Json;
}

export type Validate = (values: Json) => Rejection[];

/** The `keyword` of the one rejection of values that it takes too many steps to judge; also the name of that limit. */
export const STEPS_KEYWORD = "validationSteps";

/** Validators of one self-contained schema. */
export interface Validator {
  /** Reports every way in which values break the schema. */
  readonly validate: Validate;
  /** The same for one schema object inside it. */
  at(schema: JsonObject): Validate;
}

/** Compiles a self-contained schema. */
export function createValidator(
  root: JsonObject,
  draft: Draft,
  formats: ReadonlyMap<string, Format>,
): Validator {
  const compiler = new SchemaCompiler(root, draft, formats);
  const at = (schema: JsonObject): Validate => {
    const judge = compiler.compile(schema);
    return (values) => rejections(judge, values);
  };
  return { validate: at(root), at };
}

function rejections(judge: Judge, values: Json): Rejection[] {
  const run = new Run();
  try {
    const failure = judge.judge(values, run);
    if (failure === undefined) return [];
    const listing = new Listing(run);
    listing.add(failure, "");
    return listing.rejections;
  } catch (error) {
    if (error instanceof TooManySteps) return [TOO_MANY];
    throw error;
  }
}

const TOO_MANY: Rejection = {
  pointer: "",
  keyword: STEPS_KEYWORD,
  message: `takes more than ${STEP_LIMIT} steps to be checked against its schema; fewer or smaller values take fewer`,
};

/** JSON text of `expected` in one list: an `enum` of thousands is not written out at each of thousands of places. */
const EXPECTED_LIMIT = 256 * 1024;
/** Writing a rejection out, and telling later whether it is a new one, takes a microsecond or two. */
const STEPS_A_REJECTION = 8;
const STEPS_A_FAILURE = 4;

/** The failures already written out at one pointer: so few that a linear search is enough. */
interface SaidAtPlace {
  readonly failures: Failure[];
  readonly said: { readonly says: Says; readonly finding: string | undefined }[];
}

/** Writes failures out, each thing said about each place once. */
class Listing {
  readonly rejections: Rejection[] = [];
  readonly #places = new Map<string, SaidAtPlace>();
  #expected = 0;

  constructor(private readonly run: Run) {}

  add(failure: Failure, pointer: string): void {
    const { failures } = this.#at(pointer);
    this.run.spend(STEPS_A_FAILURE + (failures.length >> 3));
    if (failures.includes(failure)) return;
    failures.push(failure);
    for (const part of failure.parts ?? []) this.add(part, pointer);
    for (const [key, inside] of failure.inside ?? []) this.add(inside, appendToken(pointer, key));
    if (failure.says !== undefined) this.#say(failure, failure.says, pointer);
  }

  #at(pointer: string): SaidAtPlace {
    const known = this.#places.get(pointer);
    if (known !== undefined) return known;
    const made: SaidAtPlace = { failures: [], said: [] };
    this.#places.set(pointer, made);
    return made;
  }

  #say({ member, finding }: Failure, says: Says, at: string): void {
    const found = typeof finding === "function" ? finding() : finding;
    const pointer = member === undefined ? at : appendToken(at, member);
    const { said } = this.#at(pointer);
    const text = found === undefined ? undefined : JSON.stringify(found);
    this.run.spend(STEPS_A_REJECTION + (said.length >> 3) + (pointer.length >> 4));
    if (said.some((known) => known.says === says && known.finding === text)) return;
    said.push({ says, finding: text });
    const { keyword, message, expected } = says;
    this.rejections.push({
      pointer,
      keyword,
      message,
      ...(expected !== undefined && this.#hasRoomFor(expected) && { expected }),
      ...(found !== undefined && { finding: found }),
    });
  }

  #hasRoomFor(expected: Json): boolean {
    if (typeof expected !== "object") return true;
    if (this.#expected > EXPECTED_LIMIT) return false;
    this.#expected += JSON.stringify(expected).length;
    return this.#expected <= EXPECTED_LIMIT;
  }
}
