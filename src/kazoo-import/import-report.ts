/** Why something of KAZOO's documents is not in the store afterwards. */
export const REASONS = {
  account: "accounts that cannot be made",
  deleted: "deleted documents",
  differs: "accounts that are something else in the store, which stays as it is",
  document: "files or parts of files that are no documents",
  duplicate: "documents that come again, with other content",
  invalid: "values that the schema rejects",
  noAccount: "configs of accounts that are not there",
  node: "sections for one node or zone",
  noSchema: "configs without a schema",
  null: "nulls, for which the setting is inherited",
  systemOnly: "settings that only the system layer may have",
  unknown: "settings that no schema declares",
} as const;

export type Reason = keyof typeof REASONS;

/** One thing that was left out, or is otherwise than KAZOO has it. */
export interface LeftOut {
  readonly reason: Reason;
  readonly file: string;
  /** The document's `_id`; absent: of a file that holds none. */
  readonly document?: string;
  /** Where in the document; "": all of it. */
  readonly pointer: string;
  /** For a person; holds no values. */
  readonly message: string;
}

export interface ImportReport {
  /** Whether it was written; else this is what would be. */
  readonly applied: boolean;
  readonly accounts: { readonly created: number; readonly kept: number };
  readonly configs: { readonly written: number; readonly unchanged: number };
  /** Documents of other kinds: users, devices and the like. */
  readonly otherDocuments: number;
  readonly leftOut: readonly LeftOut[];
}

/** The report for people: what it comes to, then everything left out, by reason. */
export function reportText(report: ImportReport): string {
  const { applied, accounts, configs, otherDocuments, leftOut } = report;
  const [would, done] = applied ? ["", ""] : ["would be ", "This was a dry run: nothing was written. "];
  const lines = [
    `${accounts.created} accounts ${would}created, ${accounts.kept} are there already`,
    `${configs.written} configs ${would}written, ${configs.unchanged} are as they should be`,
    `${otherDocuments} documents hold no settings (users, devices and the like)`,
    `${leftOut.length} left out or different${leftOut.length === 0 ? "" : ":"}`,
  ];
  for (const reason of Object.keys(REASONS) as Reason[]) {
    const some = leftOut.filter((one) => one.reason === reason);
    if (some.length === 0) continue;
    lines.push("", `${REASONS[reason]} (${reason}): ${some.length}`, ...some.map(lineOf));
  }
  const next = applied ? "" : `${done}Run it again with --apply to write.`;
  return `${lines.join("\n")}\n${next === "" ? "" : `\n${next}\n`}`;
}

function lineOf({ file, document, pointer, message }: LeftOut): string {
  const place = [file, document, pointer].filter((part) => part !== undefined && part !== "").join("  ");
  return `  ${printable(place)}\n      ${printable(message)}`;
}

/** Names come from files: what would steer a terminal is spelled out. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
}
