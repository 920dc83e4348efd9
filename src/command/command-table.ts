/** An option of a command: what follows it, if anything does, and what it is for. */
export interface CommandOption {
  readonly type: "string" | "boolean";
  /** What the value is called, for options that have one. */
  readonly value?: string;
  readonly help: string;
  /** What counts where it is not given. */
  readonly standard?: string;
}

export interface CommandEntry {
  /** What follows the command's name, besides options. */
  readonly operands?: string;
  readonly summary: string;
  readonly options: Readonly<Record<string, CommandOption>>;
  /** What else there is to know. */
  readonly notes?: readonly string[];
}

const flag = (help: string): CommandOption => ({ type: "boolean", help });
const valued = (value: string, help: string, standard?: string): CommandOption => ({
  ...{ type: "string", value, help },
  ...(standard !== undefined && { standard }),
});

const STORE = valued(
  "url",
  "the store, such as lmdb:./data or redis://localhost:6379",
  "STRATA_STORE, or lmdb:./data",
);
const ACCOUNTS = (of: string) => valued("n", `so many accounts are listed of each ${of}`, "10");
const DECLARED = "Files are <account>/<config>.json and system/<config>.json, see docs/plan.md.";

/** Every command with its options: they are read by it, and shown by it. */
export const COMMAND_TABLE = {
  start: {
    summary: "start the server; so does no command at all",
    options: {},
    notes: ["Its settings are environment variables: the README lists them."],
  },
  export: {
    summary: "copy the store to a file, or to standard output; the server may go on meanwhile",
    options: {
      to: valued("file", "write this file, all of it or nothing", "standard output"),
      force: flag("replace the file if there is one"),
      store: STORE,
    },
  },
  diff: {
    summary: "tell what differs in a config since a moment, and who did it; the server may go on meanwhile",
    options: {
      since: valued("when", "2h, 30m, 3d, or a moment such as 2026-11-22T09:30:00Z; always needed"),
      until: valued("when", "the same", "now"),
      account: valued("id", "whose config", "the system level's"),
      config: valued("id", "which config", "default"),
      json: flag("the changes for programs"),
      store: STORE,
    },
  },
  import: {
    operands: "<file>",
    summary: "fill an empty store with an export",
    options: {
      replace: flag("clear the store first"),
      merge: flag("add what the file has to what is stored; wins where both have a document"),
      store: STORE,
    },
  },
  "import-kazoo": {
    operands: "<folder>",
    summary: "try, and with --apply do, the move of KAZOO's own documents into the store",
    options: {
      apply: flag("write; without it only a report is made"),
      json: flag("the report for programs"),
      store: STORE,
    },
  },
  plan: {
    operands: "<folder>",
    summary:
      "tell what has to be written so that documents hold what files declare, and for whom; the server may go on",
    options: {
      prune: flag("what the files do not name goes, from the documents of those who have a folder"),
      json: flag("the plan for programs"),
      accounts: ACCOUNTS("impact"),
      out: valued("file", "write the plan for programs to this file as well", "no file"),
      store: STORE,
    },
    notes: [
      DECLARED,
      "It exits with 0 where nothing is to be done, with 2 where something is, and with 1 where it cannot be.",
    ],
  },
  apply: {
    operands: "<folder>",
    summary: "write what a plan tells, each document only if that is still what it does",
    options: {
      plan: valued(
        "file",
        "only if this is still what would be done, or what is left of it",
        "whatever is to be done",
      ),
      prune: flag(
        "what the files do not name goes, from the documents of those who have a folder; with --plan the plan says it",
      ),
      url: valued(
        "url",
        "let the server there write; a token for it is taken from STRATA_TOKEN",
        "the store is opened",
      ),
      note: valued("text", "why, kept with each revision", "strata apply"),
      json: flag("the plan for programs, and what of it was written"),
      accounts: ACCOUNTS("impact"),
      store: STORE,
    },
    notes: [DECLARED, "It exits with 0 where all is as declared, and with 1 where it is not."],
  },
  check: {
    summary:
      "tell what a schema folder would do to what is stored, before it is put in force; the server may go on",
    options: {
      schemas: valued(
        "folder",
        "the folder to put in force, always needed; STRATA_SCHEMAS names the one that is",
      ),
      json: flag("the result for programs"),
      accounts: ACCOUNTS("config"),
      store: STORE,
    },
    notes: [
      "It exits with 0 where nothing breaks, with 2 where something does, and with 1 where it cannot be told.",
    ],
  },
  prune: {
    summary: "list, and with --apply drop, overrides that are equal to what would be inherited",
    options: {
      account: valued("id", "whose documents; always needed"),
      config: valued("id", "only those of this config", "all configs"),
      below: flag("those of the accounts below it as well"),
      apply: flag("drop them, with one commit for each document; without it they are only listed"),
      json: flag("the list for programs"),
      store: STORE,
    },
  },
  audit: {
    summary: "print who did what, as lines of JSON; the server may go on meanwhile",
    options: {
      follow: flag("go on with what is done from now on"),
      account: valued("id", "only what was done to this account and its documents", "everything"),
      since: valued("when", "only since then: 2h, 7d, or 2026-11-29T14:00:00Z", "all that is kept"),
      after: valued("cursor", "only what came after this entry", "all that is kept"),
      json: flag("changes nothing: each line is JSON already"),
      store: STORE,
    },
  },
  manifest: {
    summary: "print the settings as a flag manifest of the OpenFeature CLI, for its code generators",
    options: {
      config: valued("id", "of this config alone", "all configs that accounts have"),
      json: flag("changes nothing: a manifest is JSON already"),
    },
  },
  types: {
    summary: "print TypeScript types of the configs, from the account schemas",
    options: {},
    notes: ["There is no JSON of it: strata manifest has the settings as JSON."],
  },
  token: {
    summary: "print a token for a server that runs with the same STRATA_JWT_SECRET",
    options: {
      account: valued("id", "act for this account and those below it"),
      superadmin: flag("act on everything"),
      "read-only": flag("write nothing"),
      subject: valued("name", "who it is for", "you"),
      expires: valued("time", "15m, 1h, 7d", "1h"),
      open: flag("print a link that opens the console with it"),
      url: valued("url", "where the server is, for --open: https://strata.example", "this machine"),
    },
  },
  accept: {
    summary: "go on with a Redis that is not what gateways remember: a restored backup, say",
    options: { store: STORE },
  },
} as const satisfies Readonly<Record<string, CommandEntry>>;

export type CommandName = keyof typeof COMMAND_TABLE;
