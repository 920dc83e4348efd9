import type { Ajv } from "ajv";
import { isId } from "../domain/id.js";
import { appendToken } from "../domain/pointer.js";
import { bundle } from "./bundle.js";
import { ConfigSchema, type SchemaSide } from "./config-schema.js";
import type { Draft } from "./draft.js";
import { checkEvaluation } from "./evaluation.js";
import { referenceOf, resolve, type Target } from "./reference.js";
import { readSchemaFolder, type SchemaFile } from "./schema-folder.js";
import type { SchemaProblem } from "./schema-problem.js";
import { soundDefaults } from "./sound-defaults.js";
import { problemsOfFile } from "./sound-file.js";
import { walkSchemas } from "./subschema.js";
import { compileValidate } from "./validation.js";
import { createValidators, onlyKnownKeywords } from "./validator.js";

/** What a schema folder says, loaded once; constant from then on. */
export interface SchemaRegistry {
  /** By config id, in the order of their ids. */
  readonly configs: ReadonlyMap<string, ConfigSchema>;
  readonly problems: readonly SchemaProblem[];
  readonly digest: string;
}

const CONFIG_FILE = /^(account|system)_config\.([\s\S]*)$/;

/**
 * Loads every schema of a folder (R4). What is wrong with a file is named in `problems`; everything sound is served.
 * @throws Error when the folder cannot be read or holds no config schema at all
 */
export function loadSchemaRegistry(folder: string): SchemaRegistry {
  const { files, problems, digest } = readSchemaFolder(folder);
  const loader = new Loader(files, [...problems]);
  const configs = loader.load();
  if (configs.size === 0) {
    const refused = loader.problems.map(({ file, reason }) => `\n  ${file}: ${reason}`).join("");
    throw new Error(
      `The schema folder ${folder} holds no usable account_config.<id>.json or system_config.<id>.json.${refused}`,
    );
  }
  return { configs, problems: loader.problems, digest };
}

class Loader {
  readonly #validator: (draft: Draft) => Ajv = createValidators();
  /** Files that nothing may be taken from. */
  readonly #refused = new Set<SchemaFile>();
  /** Files with a reference that leads nowhere: what does not need it may still be taken from them. */
  readonly #dangling = new Set<SchemaFile>();

  constructor(
    private readonly files: ReadonlyMap<string, SchemaFile>,
    readonly problems: SchemaProblem[],
  ) {}

  load(): Map<string, ConfigSchema> {
    for (const file of this.files.values()) this.#check(file);
    const sides = new Map<string, { account?: SchemaSide; system?: SchemaSide }>();
    for (const file of this.files.values()) {
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
    const byId = [...sides].sort(([a], [b]) => (a < b ? -1 : 1));
    return new Map(byId.map(([id, { account, system }]) => [id, new ConfigSchema(id, account, system)]));
  }

  /** Looks at a file by itself, and at whether its references lead somewhere. */
  #check(file: SchemaFile): void {
    const problems = problemsOfFile(file, this.#validator(file.draft));
    this.problems.push(...problems);
    if (problems.some(({ consequence }) => consequence === "refused")) this.#refused.add(file);
    walkSchemas(file.schema, (schema, tokens) => {
      const found = referenceOf(schema);
      if (found === undefined) return;
      try {
        resolve(file, found.reference, this.files);
      } catch (error) {
        this.#dangling.add(file);
        this.#refuse(file, [...tokens, found.keyword].reduce(appendToken, ""), (error as Error).message);
      }
    });
  }

  #side(file: SchemaFile): SchemaSide | undefined {
    try {
      const { schema, draft, origin } = bundle(file, (...reference) => this.#resolve(...reference));
      checkEvaluation(schema);
      const ajv = this.#validator(draft);
      const compilable = onlyKnownKeywords(schema, ajv);
      const validate = compileValidate(ajv, compilable);
      const defaults = soundDefaults(compilable, ajv, validate, (tokens, reason) =>
        this.#add({ ...origin(tokens), reason, consequence: "ignored" }),
      );
      return { schema, validate, defaults };
    } catch (error) {
      this.#refuse(file, "", (error as Error).message);
      return undefined;
    }
  }

  #resolve(source: SchemaFile, reference: string, at: readonly string[]): Target {
    const where = `${source.name}.json${at.reduce(appendToken, "")}`;
    let target: Target;
    try {
      target = resolve(source, reference, this.files);
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
