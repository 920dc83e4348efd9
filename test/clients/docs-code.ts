import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";

const ROOT = new URL("../../", import.meta.url);
/** Where the code of the pages is put: beside what it imports. */
const FOLDER = new URL("docs/", import.meta.url);
const BIN = new URL("node_modules/.bin/", import.meta.url).pathname;

/** The pages whose code is run. */
const PAGES = ["docs/clients.md", "docs/live-transports.md", "docs/tracing.md"];

/** Of examples/ofrep. */
const EXAMPLES = ["flags-server.ts", "flags-page.ts"];

/** What the page tells readers to run, in the folder of their code. */
const GENERATORS: readonly (readonly [string, ...string[]])[] = [
  ["graphql-codegen", "--config", "codegen.ts"],
  ["relay-compiler"],
  ["gql.tada", "generate-output"],
];

/** Writes every block of these pages that has a title into a file of that name, and runs the generators it names. */
export async function writeDocsCode(): Promise<void> {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER);
  copyFileSync(new URL("schema.graphql", ROOT), new URL("schema.graphql", FOLDER));
  for (const page of PAGES) {
    const text = readFileSync(new URL(page, ROOT), "utf8");
    for (const [, title = "", code = ""] of text.matchAll(/^```\w+ title="([\w.-]+)"\n(.*?)^```$/gms))
      writeFileSync(new URL(title, FOLDER), installedCode(title, code));
  }
  for (const title of EXAMPLES)
    copyFileSync(new URL(`examples/ofrep/${title}`, ROOT), new URL(title, FOLDER));
  await Promise.all(
    GENERATORS.map(([command, ...args]) => promisify(execFile)(`${BIN}${command}`, args, { cwd: FOLDER })),
  );
}

/** Two versions of one package are installed side by side: the older has another name. */
function installedCode(title: string, code: string): string {
  return title.startsWith("apollo-3") ? code.replaceAll('"@apollo/client', '"apollo-client-3') : code;
}
