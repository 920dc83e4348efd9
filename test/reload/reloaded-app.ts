import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { reloadSchemas } from "../../src/app.js";
import type { Reload } from "../../src/schema/folder/schema-reloader.js";
import type { Settings } from "../../src/settings.js";
import { TestApp } from "../graphql/test-app.js";
import { FAST_DISK, testStoreSettings } from "../store/test-store.js";
import { temporaryFolder } from "../temporary-folder.js";

/** A schema file's content: JSON, text as it is, or nothing (there is no such file). */
export type Content = object | string | undefined;

/** A schema folder that changes. */
export class ChangingFolder {
  readonly path: string;

  constructor(files: Readonly<Record<string, Content>>, path = join(temporaryFolder(), "schemas")) {
    this.path = path;
    mkdirSync(path, { recursive: true });
    this.write(files);
  }

  /** As editors do it: another file takes the name. */
  write(files: Readonly<Record<string, Content>>): void {
    for (const [name, content] of Object.entries(files)) {
      const path = join(this.path, `${name}.json`);
      rmSync(path, { force: true });
      if (content === undefined) continue;
      writeFileSync(`${path}.new`, typeof content === "string" ? content : JSON.stringify(content));
      renameSync(`${path}.new`, path);
    }
  }
}

/** The whole service over a store and a schema folder that tests may go on using. */
export class ReloadedApp {
  private constructor(
    private readonly opened: TestApp,
    private readonly store: Settings["store"],
  ) {}

  static async open(schemas: string, given: Partial<Settings> = {}): Promise<ReloadedApp> {
    const store = given.store ?? testStoreSettings(join(temporaryFolder(FAST_DISK), "data"));
    const opened = await TestApp.forTest({}, { examples: false, ...given, store, schemas });
    return new ReloadedApp(opened, store);
  }

  /** The same store under a gateway that starts now. */
  async startedAnew(schemas: string): Promise<ReloadedApp> {
    await this.opened.app.close();
    return ReloadedApp.open(schemas, { store: this.store });
  }

  get app() {
    return this.opened.app;
  }

  reload(): Promise<Reload> {
    return reloadSchemas(this.app);
  }

  /** The text of the answer. */
  async ask(query: string, variables: object = {}): Promise<string> {
    return (await this.opened.client.post({ query, variables })).text;
  }

  async rest(path: string): Promise<{ status: number; data: unknown }> {
    const response = await this.app.inject({ url: `/v2${path}`, headers: { host: "127.0.0.1" } });
    return { status: response.statusCode, data: response.json().data };
  }

  async metric(name: string): Promise<string | undefined> {
    const { body } = await this.app.inject("/metrics");
    return body
      .split("\n")
      .find((line) => line.startsWith(name))
      ?.split(" ")
      .at(-1);
  }

  /** Lines of the log with this message. */
  logged(message: string): Record<string, unknown>[] {
    return this.opened.log.map((line) => JSON.parse(line)).filter(({ msg }) => msg === message);
  }

  /** A root, a reseller and a leaf below it. */
  async plant(): Promise<void> {
    const create = `mutation ($input: CreateAccountInput!) { createAccount(input: $input) { account { id } } }`;
    for (const input of [
      { id: "root", name: "root" },
      { id: "reseller", name: "reseller", parentId: "root", isReseller: true },
      { id: "leaf", name: "leaf", parentId: "reseller" },
    ]) {
      const answer = await this.ask(create, { input });
      if (answer.includes("errors")) throw new Error(answer);
    }
  }

  patch(accountId: string, configId: string, patch: object): Promise<string> {
    const mutation = `mutation ($input: PatchConfigInput!) { patchConfig(input: $input) { __typename ... on ConfigInvalid { problems { pointer keyword } } } }`;
    return this.ask(mutation, { input: { accountId, configId, patch } });
  }
}
