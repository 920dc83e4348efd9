import type { Json, JsonObject } from "../../domain/json/json.js";
import type { Draft } from "../draft.js";
import type { Format } from "../formats.js";
import type { Says } from "./failure.js";
import type { Run } from "./run.js";
import type { Judge } from "./schema-judge.js";

/** The context in which the keywords of a schema are compiled. */
export interface Compiling {
  readonly draft: Draft;
  /** The judge of another schema: of one about the same value, or about something inside it. */
  inPlace(schema: Json): Judge;
  inside(schema: Json): Judge;
  says(keyword: string, message: string, expected?: Json): Says;
  /** A digest of what a schema looks at in an object that passes it. */
  lookedAt(schema: Json, value: JsonObject, run: Run): string;
  format(name: string): Format | undefined;
}
