import { hash } from "node:crypto";
import { resolve as absolute } from "node:path";
import { isId } from "../domain/id.js";
import type { JsonObject } from "../domain/json/json.js";
import { appendToken } from "../domain/json/pointer.js";
import { atOnce, type Pieces } from "../domain/pieces.js";
import { ConfigSchema, type SchemaSide } from "./config-schema.js";
import { soundDefaults } from "./defaults/sound-defaults.js";
import { refuseLoops } from "./evaluation.js";
import {
  type FolderContent,
  parseFolder,
  readFolderAtOnce,
  type SchemaFile,
} from "./folder/schema-folder.js";
import { problemsOfFile, withoutLargePatterns } from "./folder/sound-file.js";
import { createFormats } from "./formats.js";
import { createSchemaCheck } from "./metaschema.js";
import { bundle } from "./reference/bundle.js";
import { type Reference, referencesOf, resolve, type Target } from "./reference/reference.js";
import { ResourceIndex } from "./reference/resource.js";
import type { SchemaProblem } from "./schema-problem.js";
import { walkSchemas } from "./subschema.js";
import { createValidator } from "./validation.js";

/** What a schema folder said when it was loaded: constant from then on. */
export interface SchemaRegistry {
  /** By config id, in the order of their ids. */
  readonly configs: ReadonlyMap<string, ConfigSchema>;
  readonly problems: readonly SchemaProblem[];
  /** The names of the folder's files, those that are not served included. */
  readonly files: ReadonlySet<string>;
  /** Of the folder: changes when any file does. */
  readonly digest: string;
}

const CONFIG_FILE = /^(account|system)_config\.([\s\S]*)$/;

/**
 * Loads every schema of a folder (R4). What is wrong with a file is named in `problems`; everything sound is served.
 * @throws Error when the folder cannot be read or holds no config schema at all
 */
export function loadSchemaRegistry(folder: string): SchemaRegistry {
  return atOnce(loadInPieces(readFolderAtOnce(folder)));
}

/** The same of what has been read of a folder, about a file in each piece. @throws Error when it holds no config schema at all */
export function* loadInPieces(content: FolderContent): Pieces<SchemaRegistry> {
  const { files, problems } = yield* parseFolder(content);
  const loader = new Loader([...problems]);
  const configs = yield* loader.load(files);
  if (configs.size === 0) {
    const refused = loader.problems.map(({ file, reason }) => `\n  ${file}: ${reason}`).join("");
    throw new Error(
      `The schema folder ${absolute(content.folder)} holds no usable account_config.<id>.json or system_config.<id>.json. ` +
        `STRATA_SCHEMAS names the folder.${refused}`,
    );
  }
  const names = new Set(content.files.keys());
  return { configs, problems: loader.problems, files: names, digest: content.digest };
}

/** Of all loads: to compile a metaschema takes longer than to check a file. */
const checkSchema = createSchemaCheck();

interface Sides {
  readonly account?: SchemaSide;
  readonly system?: SchemaSide;
}

class Loader {
  readonly #formats = createFormats();
  readonly #files = new Map<string, SchemaFile>();
  readonly #index = new ResourceIndex(this.#files);
  /** Files that nothing may be taken from. */
  readonly #refused = new Set<SchemaFile>();
  /** Files with a reference that leads nowhere: what does not need it may still be taken from them. */
  readonly #dangling = new Set<SchemaFile>();

  constructor(readonly problems: SchemaProblem[]) {}

  *load(files: ReadonlyMap<string, SchemaFile>): Pieces<Map<string, ConfigSchema>> {
    for (const [name, file] of files) {
      const checked = this.#checked(file);
      this.#files.set(name, checked);
      this.#index.addFile(checked);
      yield;
    }
    for (const file of this.#files.values()) {
      this.#checkReferences(file);
      yield;
    }
    const configs = new Map<string, ConfigSchema>();
    for (const [id, { account, system }] of [...(yield* this.#sides())].sort(([a], [b]) =>
      a < b ? -1 : 1,
    )) {
      configs.set(id, new ConfigSchema(id, account, system));
      yield;
    }
    return configs;
  }

  *#sides(): Pieces<Map<string, Sides>> {
    const sides = new Map<string, Sides>();
    for (const file of this.#files.values()) {
      yield;
      const [, kind, id] = CONFIG_FILE.exec(file.name) ?? [];
      if (kind === undefined || id === undefined) continue;
      if (this.#refused.has(file) || this.#dangling.has(file)) continue;
      if (!isId(id)) {
        this.#refuse(
          file,
          "",
          `"${id}" is not a config id: letters, digits, "_", "." and "-", at most 64, not "system"`,
        );
        continue;
      }
      const side = this.#side(file);
      if (side !== undefined) sides.set(id, { ...sides.get(id), [kind]: side });
    }
    return sides;
  }

  /** Looks at a file by itself; what cannot be in force is not in what it returns. */
  #checked(file: SchemaFile): SchemaFile {
    const problems = problemsOfFile(file, checkSchema, this.#formats);
    this.problems.push(...problems);
    const checked = problems.length === 0 ? file : withoutLargePatterns(file);
    if (problems.some(({ consequence }) => consequence === "refused")) this.#refused.add(checked);
    return checked;
  }

  /** Whether a file's references lead somewhere. */
  #checkReferences(file: SchemaFile): void {
    walkSchemas(file.schema, (schema, tokens) => {
      for (const reference of referencesOf(schema)) {
        try {
          resolve(schema, reference, this.#index);
        } catch (error) {
          this.#dangling.add(file);
          this.#refuse(
            file,
            [...tokens, reference.keyword].reduce(appendToken, ""),
            (error as Error).message,
          );
        }
      }
    });
  }

  #side(file: SchemaFile): SchemaSide | undefined {
    try {
      const { schema, draft, origin } = bundle(file, this.#index, (...reference) =>
        this.#resolve(...reference),
      );
      refuseLoops(schema);
      const validator = createValidator(schema, draft, this.#formats);
      const defaults = soundDefaults(schema, validator, (tokens, reason) =>
        this.#add({ ...origin(tokens), reason, consequence: "ignored" }),
      );
      const digest = hash("sha256", JSON.stringify([draft, schema, defaults]), "base64url");
      return { schema, validate: validator.validate, defaults, digest };
    } catch (error) {
      this.#refuse(file, "", (error as Error).message);
      return undefined;
    }
  }

  #resolve({ file, tokens }: Target, schema: JsonObject, reference: Reference): Target {
    const where = `${file.name}.json${[...tokens, reference.keyword].reduce(appendToken, "")}`;
    let target: Target;
    try {
      target = resolve(schema, reference, this.#index);
    } catch (error) {
      throw new Error(`${where}: ${(error as Error).message}`);
    }
    if (this.#refused.has(target.file))
      throw new Error(`${where} refers to ${target.file.name}.json, which is refused`);
    return target;
  }

  #refuse(file: SchemaFile, pointer: string, reason: string): void {
    this.#add({ file: `${file.name}.json`, pointer, reason, consequence: "refused" });
  }

  /** One problem a place: several configs may share a file. */
  #add(problem: SchemaProblem): void {
    const { file, pointer } = problem;
    if (!this.problems.some((known) => known.file === file && known.pointer === pointer))
      this.problems.push(problem);
  }
}
