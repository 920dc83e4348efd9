import { expect, test } from "vitest";
import { ancestor, inheritedDocument } from "../../src/store/inherited-records.js";
import {
  accountBody,
  documentBody,
  parseAccount,
  recordOf,
  storedDocument,
} from "../../src/store/records.js";

const AT = "2026-01-01T00:00:00.000Z";
const version = (sequence: number) => ({ revision: 1, sequence, nonce: "n" });
const documentRecord = (sequence: number, text: string) =>
  recordOf(version(sequence), documentBody({ kind: "SET", at: AT, by: "ada" }, text));
const accountRecord = (sequence: number, name: string) =>
  recordOf(
    version(sequence),
    accountBody({ id: "east", name, parentId: "root", isReseller: true, createdAt: AT }),
  );

test("a record of the same text is the same object", () => {
  const again = (record: string) => Buffer.from(record).toString();
  const document = documentRecord(1, '{"a":1}');
  expect(inheritedDocument(document)).toEqual(storedDocument(document));
  expect(inheritedDocument(again(document))).toBe(inheritedDocument(document));
  const account = accountRecord(1, "East");
  expect(ancestor(account)).toEqual(parseAccount(account));
  expect(ancestor(again(account))).toBe(ancestor(account));
});

test("a record of another text is another object, though its version were the same", () => {
  expect(inheritedDocument(documentRecord(2, '{"a":1}')).override).toEqual({ a: 1 });
  expect(inheritedDocument(documentRecord(2, '{"a":2}')).override).toEqual({ a: 2 });
  expect(ancestor(accountRecord(2, "East")).name).toBe("East");
  expect(ancestor(accountRecord(2, "West")).name).toBe("West");
});
