import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { until } from "../redis/until.js";
import { temporaryFolder } from "../temporary-folder.js";
import { ChangingFolder, ReloadedApp } from "./reloaded-app.js";

const withDefault = (value: number) => ({
  type: "object",
  properties: { a: { type: "integer", default: value } },
});
const REFUSED = "schemas not reloaded: those that were loaded before stay in force";

async function watch(schemas: string) {
  const app = await ReloadedApp.open(schemas, { watchSchemas: true });
  await app.plant();
  const value = async () => {
    const { data } = JSON.parse(await app.ask(`{ config(accountId: "leaf", configId: "x") { values } }`));
    return data?.config?.values.a;
  };
  const becomes = (wanted: number) =>
    until(`the default is ${wanted}`, async () => (await value()) === wanted, 30_000);
  return { app, value, becomes };
}

describe("a watched schema folder", () => {
  test("is loaded again when a file has taken another's place", async () => {
    const folder = new ChangingFolder({ "account_config.x": withDefault(1) });
    const { app, becomes, value } = await watch(folder.path);
    expect(await value()).toBe(1);
    folder.write({ "account_config.x": withDefault(2) });
    await becomes(2);
    folder.write({ "account_config.y": withDefault(2) });
    await until("the config is there", async () => app.logged("schemas reloaded").length === 2, 30_000);
    expect(app.logged("schemas reloaded")).toMatchObject([{ changed: ["x"] }, { added: ["y"] }]);
  });

  test("stays as it was while a file is half written", async () => {
    const folder = new ChangingFolder({ "account_config.x": withDefault(1) });
    const { app, becomes, value } = await watch(folder.path);
    const file = join(folder.path, "account_config.x.json");
    const text = JSON.stringify(withDefault(2));
    writeFileSync(file, text.slice(0, 20));
    await until("the half is refused", () => app.logged(REFUSED).length === 1, 30_000);
    expect(await value()).toBe(1);
    writeFileSync(file, text);
    await becomes(2);
    expect(app.logged(REFUSED)).toHaveLength(1);
  });

  test("is followed where links lead elsewhere: as Kubernetes mounts a ConfigMap, and above the folder", async () => {
    const place = temporaryFolder();
    const release = (name: string, value: number) =>
      new ChangingFolder({ "account_config.x": withDefault(value) }, join(place, name));
    const lead = (from: string, to: string) => {
      symlinkSync(to, join(place, `${from}.new`));
      renameSync(join(place, `${from}.new`), join(place, from));
    };
    mkdirSync(join(place, "mount"));
    release("mount/..2026_01", 1);
    lead("mount/..data", "..2026_01");
    symlinkSync("..data/account_config.x.json", join(place, "mount/account_config.x.json"));
    lead("schemas", "mount");
    const { becomes, value } = await watch(join(place, "schemas"));
    expect(await value()).toBe(1);
    release("mount/..2026_02", 2);
    lead("mount/..data", "..2026_02");
    await becomes(2);
    release("other", 3);
    lead("schemas", "other");
    await becomes(3);
  });
});
