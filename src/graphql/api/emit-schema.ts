import { readFileSync, writeFileSync } from "node:fs";
import { printSchema } from "graphql";
import { createGraphqlSchema } from "./schema.js";

// Usage: emit-schema <file> [--check]. With --check nothing is written; a stale file ends with exit code 1.
const [file, check] = process.argv.slice(2);
if (file === undefined) throw new Error("usage: emit-schema <file> [--check]");
const text = `${printSchema(await createGraphqlSchema())}\n`;
if (check !== "--check") writeFileSync(file, text);
else if (readFileSync(file, "utf8") !== text) {
  console.error(`${file} is stale: run npm run schema and look at its diff`);
  process.exitCode = 1;
}
