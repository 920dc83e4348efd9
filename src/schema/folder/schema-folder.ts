import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { isObject, type Json, type JsonObject } from "../../domain/json/json.js";
import { parseJsonText } from "../../domain/json/json-text.js";
import type { Pieces } from "../../domain/pieces.js";
import { type Draft, draftOf, inOwnDraft } from "../draft.js";
import type { SchemaProblem } from "../schema-problem.js";
import { mapSchemas } from "../subschema.js";

export interface SchemaFile {
  /** The file's name without `.json`: what a bare `$ref` calls it. */
  readonly name: string;
  readonly draft: Draft;
  /** Without the keywords that its draft does not know and another does. */
  readonly schema: JsonObject;
}

/** What a schema folder holds, as bytes. */
export interface FolderContent {
  readonly folder: string;
  /** Every `.json` file by its whole name, in order: its bytes, or why it cannot be read. */
  readonly files: ReadonlyMap<string, Buffer | Error>;
  /** Changes when any file does: it is kept with each commit. */
  readonly digest: string;
}

export interface ParsedFolder {
  readonly files: ReadonlyMap<string, SchemaFile>;
  readonly problems: readonly SchemaProblem[];
}

/** JSON levels a schema file may nest; each level of a document takes two, so twice the documents' limit and some. */
const DEPTH_LIMIT = 256;

/** @throws Error when the folder itself cannot be read */
export function readFolderAtOnce(folder: string): FolderContent {
  const names = namesIn(folder, () => readdirSync(folder));
  return contentOf(
    folder,
    names.map((name) => [name, readAtOnce(join(folder, name))]),
  );
}

/** The same without holding the event loop. @throws Error when the folder itself cannot be read */
export async function readFolder(folder: string): Promise<FolderContent> {
  const found = await readdir(folder).catch((error: Error) => error);
  const names = namesIn(folder, () => {
    if (found instanceof Error) throw found;
    return found;
  });
  const files: [string, Buffer | Error][] = [];
  // One after the other: a thousand at once could run out of file handles.
  for (const name of names)
    files.push([name, await readFile(join(folder, name)).catch((error: Error) => error)]);
  return contentOf(folder, files);
}

/** Parses the files, one in each piece. A file that is not JSON, too deep, or of an unknown draft is a problem, not a failure. */
export function* parseFolder(content: FolderContent): Pieces<ParsedFolder> {
  const files = new Map<string, SchemaFile>();
  const problems: SchemaProblem[] = [];
  for (const [file, bytes] of content.files) {
    const name = file.slice(0, -".json".length);
    try {
      if (bytes instanceof Error) throw bytes;
      files.set(name, parseSchemaFile(name, bytes));
    } catch (error) {
      problems.push({ file, pointer: "", reason: (error as Error).message, consequence: "refused" });
    }
    yield;
  }
  return { files, problems };
}

function contentOf(folder: string, files: readonly (readonly [string, Buffer | Error])[]): FolderContent {
  const hash = createHash("sha256");
  for (const [file, bytes] of files)
    if (!(bytes instanceof Error)) hash.update(`${file}\0${bytes.length}\0`).update(bytes);
  return { folder, files: new Map(files), digest: hash.digest("base64url") };
}

function namesIn(folder: string, list: () => string[]): string[] {
  try {
    return list()
      .filter((file) => file.endsWith(".json"))
      .sort();
  } catch (error) {
    const reason = (error as Error).message;
    throw new Error(
      `The schema folder ${resolve(folder)} cannot be read: ${reason}. STRATA_SCHEMAS names the folder.`,
    );
  }
}

function readAtOnce(path: string): Buffer | Error {
  try {
    return readFileSync(path);
  } catch (error) {
    return error as Error;
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
