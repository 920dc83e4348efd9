import { isDeepStrictEqual } from "node:util";
import { type CouchDocument, isRecord, type NoDocument } from "./couch-documents.js";
import type { LeftOut, Reason } from "./import-report.js";

/** An account as its document has it. */
export interface KazooAccount {
  readonly document: CouchDocument;
  readonly id: string;
  readonly name: string;
  /** Its ancestors, the root first. */
  readonly ancestors: readonly string[];
  readonly isReseller: boolean;
  /** The account whose configs it inherits, in KAZOO's eyes. */
  readonly resellerId: string | undefined;
}

/** Values for one layer. */
export interface KazooConfig {
  readonly document: CouchDocument;
  /** Undefined: the system layer. */
  readonly accountId: string | undefined;
  readonly configId: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** Where the values are in the document. */
  readonly pointer: string;
}

const ACCOUNT_CONFIG = /^configs_(.+)$/s;
const DEFAULT_SECTION = "default";

/** Sorts out what KAZOO's documents say, one by one, however they are spread over databases and files. */
export class KazooDocuments {
  readonly #accounts = new Map<string, KazooAccount>();
  readonly #configs = new Map<string, KazooConfig>();
  readonly #leftOut: LeftOut[] = [];
  #others = 0;

  get accounts(): ReadonlyMap<string, KazooAccount> {
    return this.#accounts;
  }

  get configs(): readonly KazooConfig[] {
    return [...this.#configs.values()];
  }

  get leftOut(): readonly LeftOut[] {
    return this.#leftOut;
  }

  /** How many documents hold nothing that Strata could take. */
  get others(): number {
    return this.#others;
  }

  add(found: CouchDocument | NoDocument): void {
    if ("trouble" in found) {
      this.#leftOut.push({ reason: "document", file: found.file, pointer: "", message: found.trouble });
      return;
    }
    const kind = kindOf(found);
    if (kind === "other") this.#others++;
    else if (found.body.pvt_deleted === true || found.body._deleted === true)
      this.#leave("deleted", found, "It is deleted in KAZOO.");
    else if (kind === "account") this.#addAccount(found);
    else if (kind === "accountConfig") this.#addAccountConfig(found);
    else this.#addSystemConfig(found);
  }

  #addAccount(document: CouchDocument): void {
    const { body, id } = document;
    const tree = body.pvt_tree;
    if (!Array.isArray(tree) || !tree.every((ancestor) => typeof ancestor === "string")) {
      this.#leave("account", document, "Its pvt_tree is no list of account ids.", "/pvt_tree");
      return;
    }
    const resellerId = typeof body.pvt_reseller_id === "string" ? body.pvt_reseller_id : undefined;
    const account = {
      document,
      id,
      name: typeof body.name === "string" ? body.name : "",
      ancestors: tree,
      isReseller: body.pvt_reseller === true,
      resellerId,
    };
    // Every account's document is in its own database, and a copy of it in the database of all accounts.
    const same = (one: KazooAccount) => [one.name, one.ancestors, one.isReseller, one.resellerId];
    const kept = this.#newer(this.#accounts.get(id), account, same);
    this.#accounts.set(id, kept);
  }

  #addAccountConfig(document: CouchDocument): void {
    const accountId = ownerOf(document);
    const configId = ACCOUNT_CONFIG.exec(document.id)?.[1] ?? "";
    const values = settingsIn(document.body);
    if (accountId !== undefined) this.#addConfig({ document, accountId, configId, values, pointer: "" });
    else
      this.#leave(
        "noAccount",
        document,
        "It does not say whose it is: it has no pvt_account_id, and its path names no account's database.",
      );
  }

  #addSystemConfig(document: CouchDocument): void {
    const sections = settingsIn(document.body);
    for (const section of Object.keys(sections)) {
      if (section === DEFAULT_SECTION || section === "id" || section === "ui_metadata") continue;
      const message =
        "It counts for one node or zone, and Strata has one value for all: what is to count goes into default.";
      this.#leave("node", document, message, `/${section.replaceAll("~", "~0").replaceAll("/", "~1")}`);
    }
    const values = sections[DEFAULT_SECTION];
    const pointer = `/${DEFAULT_SECTION}`;
    if (isRecord(values))
      this.#addConfig({ document, accountId: undefined, configId: document.id, values, pointer });
    else if (values !== undefined)
      this.#leave("invalid", document, "The section default is no object.", pointer);
  }

  #addConfig(config: KazooConfig): void {
    const key = `${config.accountId ?? ""}/${config.configId}`;
    this.#configs.set(
      key,
      this.#newer(this.#configs.get(key), config, ({ values }) => values),
    );
  }

  #newer<T extends { readonly document: CouchDocument }>(
    known: T | undefined,
    found: T,
    content: (one: T) => unknown,
  ): T {
    if (known === undefined) return found;
    const [kept, other] = ageOf(found.document) > ageOf(known.document) ? [found, known] : [known, found];
    if (!isDeepStrictEqual(content(kept), content(other)))
      this.#leave("duplicate", other.document, `The one in ${kept.document.file} is newer, or comes first.`);
    return kept;
  }

  #leave(reason: Reason, { file, id }: CouchDocument, message: string, pointer = ""): void {
    this.#leftOut.push({ reason, file, document: id, pointer, message });
  }
}

/** In the order in which it was changed last; documents of one id in two databases have no other order. */
function ageOf({ body }: CouchDocument): number {
  const generation = /^(\d+)-/.exec(typeof body._rev === "string" ? body._rev : "")?.[1] ?? "0";
  return typeof body.pvt_modified === "number" ? body.pvt_modified : Number(generation);
}

type Kind = "account" | "accountConfig" | "systemConfig" | "other";

function kindOf(document: CouchDocument): Kind {
  const { id, body } = document;
  const type = body.pvt_type;
  if (id.startsWith("_design/")) return "other";
  if (type === "account") return "account";
  if (ACCOUNT_CONFIG.test(id) && databaseOf(document) !== "system_config") return "accountConfig";
  if (databaseOf(document) === "system_config" || type === "config") return "systemConfig";
  // A copy without any of what KAZOO itself notes down: only such a document has a section default.
  const isBare = type === undefined && ownerOf(document) === undefined;
  return isBare && isRecord(body[DEFAULT_SECTION]) ? "systemConfig" : "other";
}

/** The settings of a document, without KAZOO's own bookkeeping. */
function settingsIn(body: CouchDocument["body"]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !/^(_|pvt_)/.test(name)));
}

/** An account's id stands in the document, or in the name of its database: `account/ab/cd/ef…`, the id cut in three. */
function ownerOf(document: CouchDocument): string | undefined {
  const id = document.body.pvt_account_id;
  if (typeof id === "string" && id !== "system_config") return id;
  return accountOfDatabase(document.body.pvt_account_db) ?? accountOfDatabase(document.file);
}

function accountOfDatabase(name: unknown): string | undefined {
  if (typeof name !== "string") return undefined;
  const parts = /account\/([0-9a-f]{2})\/([0-9a-f]{2})\/([0-9a-f]{28})(?![0-9a-f])/i.exec(decoded(name));
  return parts === null ? undefined : parts.slice(1).join("");
}

function databaseOf({ body, file }: CouchDocument): "system_config" | undefined {
  const isSystem =
    body.pvt_account_db === "system_config" || /(^|\/)system_config(\/|\.json$)/i.test(decoded(file));
  return isSystem ? "system_config" : undefined;
}

function decoded(text: string): string {
  return text.replaceAll(/%2f/gi, "/");
}
