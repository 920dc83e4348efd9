import type { SchemaProblem } from "../schema-problem.js";
import type { SchemaRegistry } from "../schema-registry.js";

/** A schema file that was served and could not be served any more, though it is still there. */
export interface LostSchema {
  readonly file: string;
  readonly reasons: readonly Pick<SchemaProblem, "pointer" | "reason">[];
}

/**
 * The schemas that one registry serves and the next one would not, though their files are there. A file that is gone is no
 * loss: somebody removed it.
 */
export function lostSchemas(previous: SchemaRegistry, next: SchemaRegistry): LostSchema[] {
  const served = filesServed(next);
  return [...filesServed(previous)]
    .filter((file) => !served.has(file) && next.files.has(file))
    .map((file) => ({ file, reasons: reasonsFor(file, next) }));
}

function filesServed({ configs }: SchemaRegistry): ReadonlySet<string> {
  return new Set(
    [...configs.values()].flatMap(({ id, account, system }) => [
      ...(account ? [`account_config.${id}.json`] : []),
      ...(system ? [`system_config.${id}.json`] : []),
    ]),
  );
}

function reasonsFor(file: string, { problems }: SchemaRegistry): LostSchema["reasons"] {
  return problems
    .filter((problem) => problem.file === file && problem.consequence === "refused")
    .map(({ pointer, reason }) => ({ pointer, reason }));
}
