import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { isObject, type Json, type JsonObject } from "../domain/json.js";
import { parseJsonText } from "../domain/json-text.js";
import { type Draft, draftOf, inOwnDraft } from "./draft.js";
import type { SchemaProblem } from "./schema-problem.js";
import { mapSchemas } from "./subschema.js";

export interface SchemaFile {
  /** The file's name without `.json`: what a bare `$ref` calls it. */
  readonly name: string;
  readonly draft: Draft;
  /** Without the keywords that its draft does not know and another does. */
  readonly schema: JsonObject;
}

export interface SchemaFolder {
  readonly files: ReadonlyMap<string, SchemaFile>;
  readonly problems: readonly SchemaProblem[];
  /** Changes when any file does: what is derived from the folder is kept under it. */
  readonly digest: string;
}

/** JSON levels a schema file may nest; each level of a document takes two, so twice the documents' limit and some. */
const DEPTH_LIMIT = 256;

/**
 * Reads every `.json` file of a folder. What is not JSON, too deep, or of an unknown draft is a problem, not a failure.
 * @throws Error when the folder itself cannot be read
 */
export function readSchemaFolder(folder: string): SchemaFolder {
  const files = new Map<string, SchemaFile>();
  const problems: SchemaProblem[] = [];
  const hash = createHash("sha256");
  for (const file of listSchemaFiles(folder)) {
    const name = file.slice(0, -".json".length);
    try {
      const text = readFileSync(join(folder, file));
      hash.update(`${file}\0${text.length}\0`).update(text);
      files.set(name, parseSchemaFile(name, text));
    } catch (error) {
      problems.push({ file, pointer: "", reason: (error as Error).message, consequence: "refused" });
    }
  }
  return { files, problems, digest: hash.digest("base64url") };
}

function listSchemaFiles(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((file) => file.endsWith(".json"))
      .sort();
  } catch (error) {
    const reason = (error as Error).message;
    throw new Error(
      `The schema folder ${resolve(folder)} cannot be read: ${reason}. STRATA_SCHEMAS names the folder.`,
    );
  }
}

function parseSchemaFile(name: string, bytes: Buffer): SchemaFile {
  const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  const schema = parseJsonText(text);
  if (!isObject(schema)) throw new Error("a schema file holds one JSON object");
  refuseDeep(schema);
  const draft = draftOf(schema.$schema);
  return { name, draft, schema: mapSchemas(schema, (copy) => inOwnDraft(copy, draft)) };
}

/** Iterative: a file nested a million deep must not end the process. */
function refuseDeep(schema: Json): void {
  const pending: { value: Json; depth: number }[] = [{ value: schema, depth: 1 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, depth } = next;
    if (typeof value !== "object" || value === null) continue;
    if (depth > DEPTH_LIMIT) throw new Error(`nested deeper than ${DEPTH_LIMIT} levels`);
    for (const member of Object.values(value)) pending.push({ value: member, depth: depth + 1 });
  }
}
