import { isUtf8 } from "node:buffer";
import type { Dirent } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { StrataError } from "../domain/errors.js";
import { isId } from "../domain/id.js";
import { checkJson, isObject, type JsonObject } from "../domain/json/json.js";
import { parseJsonText } from "../domain/json/json-text.js";
import { hasVanishingNumber } from "../domain/json/vanishing-number.js";
import type { DeclaredDocument, DeclaredFolder, RefusedFile } from "../service/plan/declared-folder.js";

/** The folder of the system layer: no account is called so. */
const SYSTEM = "system";
const JSON_FILE = /\.json$/i;

/**
 * Reads `<account>/<config>.json` and `system/<config>.json` below a folder. Names that begin with a dot, and files of other
 * kinds in those folders, are passed over; any other `.json` file is refused, as it would be declared in vain.
 * @throws StrataError BAD_USER_INPUT when the folder cannot be read, or declares nothing at all
 */
export async function readDeclared(folder: string): Promise<DeclaredFolder> {
  const owners: (string | undefined)[] = [];
  const documents: DeclaredDocument[] = [];
  const refused: RefusedFile[] = [];
  for (const entry of await entriesOf(folder, folder)) {
    const { name } = entry;
    if (!entry.isDirectory()) {
      if (JSON_FILE.test(name))
        refused.push({
          file: name,
          message: `It belongs into the folder of its account, or into ${SYSTEM}/.`,
        });
      continue;
    }
    if (name !== SYSTEM && !isId(name)) {
      refused.push({ file: name, message: "The folder's name is no account id." });
      continue;
    }
    const accountId = name === SYSTEM ? undefined : name;
    owners.push(accountId);
    const files = new Map<string, string>();
    for (const file of await entriesOf(folder, join(folder, name))) {
      const found = unlessTwice(files, await declaredIn(folder, name, file, accountId));
      if (found === undefined) continue;
      if ("message" in found) refused.push(found);
      else documents.push(found);
    }
  }
  if (owners.length === 0 && refused.length === 0)
    throw refusal(
      `The folder ${folder} has no folder of an account, and no ${SYSTEM}/: it declares nothing.`,
    );
  return { documents, owners, refused };
}

/**
 * Two spellings of `.json` are two files of one document: nobody can tell which of them counts.
 * @param files those that declare a document, by its config id
 */
function unlessTwice(
  files: Map<string, string>,
  found: DeclaredDocument | RefusedFile | undefined,
): DeclaredDocument | RefusedFile | undefined {
  if (found?.file === undefined || "message" in found) return found;
  const { file, target } = found;
  const other = files.get(target.configId);
  if (other !== undefined) return { file, message: `${other} declares the same document.` };
  files.set(target.configId, file);
  return found;
}

/** In the order of their names. What a link leads to counts. */
async function entriesOf(folder: string, path: string): Promise<Pick<Dirent, "name" | "isDirectory">[]> {
  try {
    const entries = (await readdir(path, { withFileTypes: true })).filter(
      ({ name }) => !name.startsWith("."),
    );
    const named = await Promise.all(entries.map(async (entry) => followed(path, entry)));
    return named.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw refusal(`The folder ${folder} cannot be read: ${reason}.`, error);
  }
}

async function followed(path: string, entry: Dirent): Promise<Pick<Dirent, "name" | "isDirectory">> {
  if (!entry.isSymbolicLink()) return entry;
  const { name } = entry;
  const isDirectory = await readdir(join(path, name)).then(
    () => true,
    () => false,
  );
  return { name, isDirectory: () => isDirectory };
}

async function declaredIn(
  folder: string,
  owner: string,
  entry: Pick<Dirent, "name" | "isDirectory">,
  accountId: string | undefined,
): Promise<DeclaredDocument | RefusedFile | undefined> {
  const file = `${owner}/${entry.name}`;
  if (entry.isDirectory())
    return { file, message: "It is a folder in the folder of an account: nothing is read from there." };
  if (!JSON_FILE.test(entry.name)) return undefined;
  const configId = entry.name.slice(0, -".json".length);
  if (!isId(configId)) return { file, message: "The file's name is no config id." };
  try {
    return {
      file,
      target: { accountId, configId },
      values: await readValues(join(folder, owner, entry.name)),
    };
  } catch (error) {
    const pointer = error instanceof StrataError ? error.pointer : undefined;
    return { file, message: (error as Error).message, pointer };
  }
}

/** @throws Error whose message quotes nothing of the file */
async function readValues(path: string): Promise<JsonObject> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`It cannot be read (${error.code ?? "unknown"}).`);
  });
  if (!isUtf8(bytes)) throw new Error("It is not UTF-8 text.");
  const text = bytes.toString("utf8").replace(/^\ufeff/, "");
  const values = checkJson(parsed(text));
  if (!isObject(values)) throw new Error("It has to hold one JSON object: the values of the config.");
  if (hasVanishingNumber(text))
    throw new Error("It holds a number too small for a double: it would become 0.");
  return values;
}

function parsed(text: string): unknown {
  try {
    return parseJsonText(text);
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`${message.charAt(0).toUpperCase()}${message.slice(1)}.`);
  }
}

function refusal(message: string, cause?: unknown): StrataError {
  return new StrataError("BAD_USER_INPUT", message, { cause });
}
