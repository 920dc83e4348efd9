import { isUtf8 } from "node:buffer";
import type { Dirent } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { StrataError } from "../domain/errors.js";

/** One document of CouchDB, and where it was found. */
export interface CouchDocument {
  /** Below the folder that is imported, with `/` on every system. */
  readonly file: string;
  readonly id: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A file, or something in one, that holds no document. */
export interface NoDocument {
  readonly file: string;
  /** Why, for a person; quotes nothing of the file. */
  readonly trouble: string;
}

/**
 * Every document in the `.json` files of a folder and the folders in it, in the order of their names. A file holds one
 * document, an array of them, or what CouchDB answers: `{rows: [{doc}]}`, `{docs: []}`, `{results: [{doc}]}`.
 * @throws StrataError BAD_USER_INPUT when the folder cannot be read, or has no such file
 */
export async function* documentsIn(folder: string): AsyncGenerator<CouchDocument | NoDocument> {
  const paths = await jsonFiles(folder);
  if (paths.length === 0) throw refusal(`The folder ${folder} holds no file whose name ends in .json.`);
  for (const path of paths) {
    const file = relative(folder, path).split(sep).join("/");
    const content = await readJson(path);
    if ("trouble" in content) yield { file, trouble: content.trouble };
    else yield* documentsOf(file, content.json);
  }
}

async function jsonFiles(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => isFileOrLink(entry) && /\.json$/i.test(entry.name));
    return files.map(({ parentPath, name }) => join(parentPath, name)).sort();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw refusal(`The folder ${folder} cannot be read: ${reason}.`, error);
  }
}

/** Where a link leads is found out by reading it: what cannot be read is reported, not passed over. */
function isFileOrLink(entry: Dirent): boolean {
  return entry.isFile() || entry.isSymbolicLink();
}

type Content = { readonly json: unknown } | { readonly trouble: string };

/** A parser's message quotes the text, and the text may hold a password. */
async function readJson(path: string): Promise<Content> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    return { trouble: `The file cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown"}).` };
  }
  if (!isUtf8(bytes)) return { trouble: "The file is not UTF-8 text." };
  try {
    return { json: JSON.parse(bytes.toString("utf8").replace(/^\ufeff/, "")) };
  } catch {
    return { trouble: "The file is not JSON." };
  }
}

const LISTS = ["rows", "results", "docs"] as const;

function* documentsOf(file: string, json: unknown): Generator<CouchDocument | NoDocument> {
  const list = listIn(json);
  if (list === undefined) yield documentOf(file, json);
  else for (const item of list) if (!isRowWithout(item)) yield documentOf(file, unwrapped(item));
}

function listIn(json: unknown): readonly unknown[] | undefined {
  if (Array.isArray(json)) return json;
  // A document may have a setting of such a name; what CouchDB wraps documents in has no id.
  if (!isRecord(json) || "_id" in json) return undefined;
  return LISTS.map((name) => json[name]).find(Array.isArray);
}

/** A row of a deleted document, or of one that is not there. */
function isRowWithout(item: unknown): boolean {
  if (!isRecord(item) || "_id" in item) return false;
  return item.deleted === true || (isRecord(item.value) && item.value.deleted === true) || "error" in item;
}

function unwrapped(item: unknown): unknown {
  return isRecord(item) && !("_id" in item) && "doc" in item ? item.doc : item;
}

function documentOf(file: string, json: unknown): CouchDocument | NoDocument {
  if (isRecord(json) && typeof json._id === "string") return { file, id: json._id, body: json };
  const hint = isRecord(json) && "key" in json ? " Copy the database with include_docs=true." : "";
  return { file, trouble: `This is no document of CouchDB: it has no _id.${hint}` };
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refusal(message: string, cause?: unknown): StrataError {
  return new StrataError("BAD_USER_INPUT", message, { cause });
}
