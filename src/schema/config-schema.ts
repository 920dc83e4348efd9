import { hash } from "node:crypto";
import { isEmpty, type Json, type JsonObject } from "../domain/json/json.js";
import { tokensOf } from "../domain/json/pointer.js";
import { EVERYTHING, isVisibleAt, type Visibility, visiblePart } from "../domain/merge/visibility.js";
import { DeclaredVisibility, union } from "./declared-visibility.js";
import { describeField, type FieldSchema } from "./field-schema.js";
import type { Rejection, Validate } from "./validation.js";

/** One side of a config: what the file says, ready for use. */
export interface SchemaSide {
  /** Self-contained: every reference is inside it. */
  readonly schema: JsonObject;
  readonly defaults: JsonObject;
  readonly validate: Validate;
  /** Stands for all of the above. */
  readonly digest: string;
}

/** A config as seen from somewhere: by an account, or by the system level, which sees everything. */
export interface Perspective {
  readonly visibility: Visibility;
  /** The defaults as seen: the SCHEMA layer's document; undefined when there are none. */
  readonly defaults: JsonObject | undefined;
  /** Every way in which effective values break the schema. */
  validate(values: JsonObject): Rejection[];
  /** The settings that may be written: the visible ones; the system level may also write what either schema declares. */
  readonly writable: Visibility;
  /** Whether `properties` names a member of the root. */
  names(key: string): boolean;
  /** The schema of one field, enough to draw one input for it; undefined where nothing is declared. */
  field(pointer: string): FieldSchema | undefined;
}

/** Everything the folder says about one config id. At least one of the sides is there. */
export class ConfigSchema {
  readonly #declared: { readonly account?: DeclaredVisibility; readonly system?: DeclaredVisibility };
  /** Undefined: the config is system-wide only. */
  readonly forAccount: Perspective | undefined;
  readonly forSystem: Perspective;
  /**
   * Stands for everything that the folder says about the config: what is made of nothing but it and documents is the same
   * under the same digest, whatever else changes in the folder.
   */
  readonly digest: string;

  constructor(
    readonly id: string,
    readonly account: SchemaSide | undefined,
    readonly system: SchemaSide | undefined,
  ) {
    this.#declared = {
      ...(account && { account: DeclaredVisibility.of(account.schema) }),
      ...(system && { system: DeclaredVisibility.of(system.schema) }),
    };
    this.digest = hash("sha256", `${account?.digest} ${system?.digest}`, "base64url");
    const { account: byAccount, system: bySystem } = this.#declared;
    const defaults = (system ?? account)?.defaults ?? {};
    const writable =
      byAccount && bySystem ? union(byAccount, bySystem) : ((byAccount ?? bySystem) as Visibility);
    const names = (key: string) => [byAccount, bySystem].some((side) => side?.isNamed(key) === true);
    this.forSystem = {
      visibility: EVERYTHING,
      defaults: isEmpty(defaults) ? undefined : defaults,
      validate: (values) => bothAllowed((system ?? (account as SchemaSide)).validate(values), byAccount),
      writable,
      names,
      field: (pointer) => describeField(bySystem, pointer) ?? describeField(byAccount, pointer),
    };
    this.forAccount = account &&
      byAccount && {
        visibility: byAccount,
        defaults: visiblePart(defaults, byAccount),
        validate: account.validate,
        writable: byAccount,
        names: (key) => byAccount.isNamed(key),
        field: (pointer) => describeField(byAccount, pointer),
      };
  }

  get title(): string | undefined {
    return this.#text("title");
  }

  get description(): string | undefined {
    return this.#text("description");
  }

  /** Whether the system schema declares what is at a pointer, though the account schema may not. */
  isSystemWide(tokens: readonly string[]): boolean {
    return isVisibleAt(this.#declared.system, tokens);
  }

  #text(keyword: "title" | "description"): string | undefined {
    const found = [this.account, this.system].map((side): Json | undefined => side?.schema[keyword]);
    return found.find((text) => typeof text === "string") as string | undefined;
  }
}

const CLOSING: ReadonlySet<string> = new Set(["additionalProperties", "unevaluatedProperties"]);

/** A system schema that closes an object means to list what there is; what the account schema declares is there too. */
function bothAllowed(rejections: Rejection[], byAccount: DeclaredVisibility | undefined): Rejection[] {
  return rejections.filter(
    ({ keyword, pointer }) => !CLOSING.has(keyword) || !isVisibleAt(byAccount, tokensOf(pointer)),
  );
}
