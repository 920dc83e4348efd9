import { canonical, isObject, type Json, type JsonObject } from "../../domain/json/json.js";
import { type Draft, refStandsAlone } from "../draft.js";
import type { Format } from "../formats.js";
import { lookedAt } from "../looked-at.js";
import { followLocal, type Schema } from "../subschema.js";
import { addArrayChecks } from "./array-checks.js";
import type { Compiling } from "./compiling.js";
import { type Says, textDigest } from "./failure.js";
import { addInPlaceChecks } from "./in-place-checks.js";
import { addObjectChecks } from "./object-checks.js";
import { type Judge, SchemaJudge } from "./schema-judge.js";
import { addValueChecks } from "./value-checks.js";

const ACCEPT: Judge = { judge: () => undefined };

/** Compiles the schemas of one self-contained schema, each once. */
export class SchemaCompiler {
  readonly #judges = new Map<JsonObject, SchemaJudge>();
  readonly #pending: [JsonObject, SchemaJudge][] = [];
  readonly #said = new Map<string, Says>();

  constructor(
    private readonly root: JsonObject,
    private readonly draft: Draft,
    private readonly formats: ReadonlyMap<string, Format>,
  ) {}

  /** The judge of one schema of it, and with it of all that it leads to. */
  compile(schema: Json): Judge {
    const judge = this.#judgeOf(schema);
    // Not by recursion: references can lead on and on.
    for (let next = this.#pending.pop(); next !== undefined; next = this.#pending.pop()) {
      const [inside, its] = next;
      this.#addChecks(inside, its);
    }
    return judge;
  }

  #addChecks(schema: JsonObject, judge: SchemaJudge): void {
    const compiling: Compiling = {
      draft: this.draft,
      inPlace: (inside) => {
        judge.asksInPlace = true;
        return this.#judgeOf(inside);
      },
      inside: (inside) => {
        judge.asksInside = true;
        return this.#judgeOf(inside);
      },
      says: (keyword, message, expected) => this.#says(keyword, message, expected),
      lookedAt: (inside, value, run) => {
        run.spend(20 + run.canonical(value).length);
        return textDigest(canonical([inside, lookedAt(inside as Schema, value, this.root)]));
      },
      format: (name) => this.formats.get(name),
    };
    if (typeof schema.$ref === "string") {
      const target = compiling.inPlace(followLocal(this.root, schema.$ref) ?? false);
      judge.add(["object", "array", "string", "number", "other"], (value, run, evaluated) =>
        target.judge(value, run, evaluated),
      );
      if (refStandsAlone(schema, this.draft)) return;
    }
    addValueChecks(schema, judge, compiling);
    addInPlaceChecks(schema, judge, compiling);
    addObjectChecks(schema, judge, compiling);
    addArrayChecks(schema, judge, compiling);
  }

  #judgeOf(schema: Json): Judge {
    if (!isObject(schema)) return schema === false ? this.#reject() : ACCEPT;
    let judge = this.#judges.get(schema);
    if (judge === undefined) {
      judge = new SchemaJudge(this.#judges.size);
      this.#judges.set(schema, judge);
      this.#pending.push([schema, judge]);
    }
    judge.uses++;
    return judge;
  }

  #reject(): Judge {
    const failure = { says: this.#says("false schema", "boolean schema is false") };
    return { judge: () => failure };
  }

  #says(keyword: string, message: string, expected?: Json): Says {
    const key = `${keyword}\n${message}\n${expected === undefined ? "" : canonical(expected)}`;
    const says = this.#said.get(key) ?? { keyword, message, ...(expected !== undefined && { expected }) };
    this.#said.set(key, says);
    return says;
  }
}
