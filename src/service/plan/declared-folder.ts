import type { JsonObject } from "../../domain/json/json.js";
import type { DocumentKey } from "../../store/store.js";

/** What a file says that a document holds. */
export interface DeclaredDocument {
  /** The file's name below its folder, with `/` on every system; undefined: there is none, and nothing is to be stored. */
  readonly file: string | undefined;
  readonly target: DocumentKey;
  /** Null: the document has nothing there. */
  readonly values: JsonObject;
}

/** What a folder declares. */
export interface DeclaredFolder {
  readonly documents: readonly DeclaredDocument[];
  /** Whose documents it declares: accounts, and (undefined) the system layer. */
  readonly owners: readonly (string | undefined)[];
  /** Files that declare nothing, and why. */
  readonly refused: readonly RefusedFile[];
}

export interface RefusedFile {
  readonly file: string;
  /** For the person who wrote it; quotes no value. */
  readonly message: string;
  /** RFC 6901, where in the file. Absent: all of it. */
  readonly pointer?: string | undefined;
}
