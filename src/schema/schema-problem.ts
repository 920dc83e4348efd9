/** A fault of a schema file, for the operator who keeps the folder. */
export interface SchemaProblem {
  /** The file's name, without its folder. */
  readonly file: string;
  /** RFC 6901, where in the file. */
  readonly pointer: string;
  readonly reason: string;
  /** `refused`: the file is not served. `ignored`: it is, without the part named. */
  readonly consequence: "refused" | "ignored";
}
