import { expect, test } from "vitest";
import { parseAccount, parseChange, storedDocument } from "../../src/store/records.js";

test.each<[string, (record: string) => unknown, string]>([
  ["a document's header", storedDocument, "1.1.n\nhunter2\n{}"],
  ["a document", storedDocument, '1.1.n\n{"kind":"SET","at":"","by":""}\nhunter2'],
  ["an account", parseAccount, "1.1.n\n\n\nhunter2"],
  ["a change", parseChange, "1.1.n\nhunter2"],
])("a record that is damaged is told of without a word of it: %s", (_, parse, record) => {
  expect(() => parse(record)).toThrow(/^a record of the store is damaged: it is not JSON/);
  try {
    parse(record);
  } catch (error) {
    expect((error as Error).message).not.toContain("hunter2");
    expect((error as Error).cause).toBeUndefined();
  }
});
