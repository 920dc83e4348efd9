import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, expect, test } from "vitest";
import { attackFamily } from "./family.js";
import { hostileFiles, SERVED, SERVED_ATTACKS, schemaAttacks } from "./schema-attacks.js";

let asked = 0;
const elsewhere = createServer((_request, response) => {
  asked++;
  response.end("{}");
}).listen(0, "127.0.0.1");
await once(elsewhere, "listening");
afterAll(() => void elsewhere.close());

const files = hostileFiles(`http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`);
const schemas = {
  ...SERVED,
  ...Object.fromEntries(files.map(({ name, schema }) => [`account_config.${name}`, schema])),
};
const started: string[] = [];
attackFamily("schemas", [...schemaAttacks(files, () => started), ...SERVED_ATTACKS], {
  schemas,
  onStart: (lines) => started.push(...lines),
});

test("nobody else was asked for a schema", () => {
  expect(asked).toBe(0);
});
