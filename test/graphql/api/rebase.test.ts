import { expect, test } from "vitest";
import { TestApp } from "../test-app.js";

const PATCH = `mutation ($input: PatchConfigInput!) {
  patchConfig(input: $input) {
    __typename
    ... on ConfigWritten { config { values cursor } }
    ... on ConfigConflict {
      message
      current { values }
      conflicts { pointer base mine theirs theirsSource by { actor at revision note } }
    }
  }
}`;

async function open() {
  const { client } = await TestApp.forTest();
  const target = { accountId: "globex", configId: "conferences" };
  const patch = async (values: Record<string, unknown>, options: Record<string, unknown> = {}) => {
    const input = { ...target, patch: values, ...options };
    const { data, errors } = await client.post({ query: PATCH, variables: { input } });
    return { result: (data as Record<string, unknown> | null)?.patchConfig, errors };
  };
  const { data } = await client.post({
    query: `{ config(accountId: "globex", configId: "conferences") { cursor values } }`,
  });
  return {
    client,
    patch,
    ...(data as { config: { cursor: string; values: Record<string, unknown> } }).config,
  };
}

test("`base` lets disjoint edits through, and lists every overlap", async () => {
  const { patch, cursor, values } = await open();
  expect((await patch({ pin_timeout: 1 }, { base: cursor, note: "first" })).result).toMatchObject({
    __typename: "ConfigWritten",
  });
  const { result } = await patch({ number_timeout: 2 }, { base: cursor });
  expect(result).toMatchObject({ __typename: "ConfigWritten", config: { values: { pin_timeout: 1 } } });
  expect((await patch({ pin_timeout: 3, number_timeout: 3 }, { base: cursor })).result).toEqual({
    __typename: "ConfigConflict",
    message: expect.stringMatching(/^Nothing was written: 2 fields were changed by others since `base`/),
    current: { values: expect.objectContaining({ pin_timeout: 1, number_timeout: 2 }) },
    conflicts: [
      {
        pointer: "/number_timeout",
        base: values.number_timeout,
        mine: 3,
        theirs: 2,
        theirsSource: "ACCOUNT",
        by: { actor: "anonymous", at: expect.any(String), revision: 3, note: null },
      },
      expect.objectContaining({ pointer: "/pin_timeout", by: expect.objectContaining({ note: "first" }) }),
    ],
  });
});

test("what is no cursor is refused with its place", async () => {
  const { patch } = await open();
  for (const base of ["", "x", "WzEsImEiLDFd!", Buffer.from('[9,"a",1]').toString("base64url")]) {
    const { errors } = await patch({ pin_timeout: 3 }, { base });
    expect(errors?.[0]?.extensions).toEqual({ code: "BAD_USER_INPUT", pointer: "/base" });
  }
  const foreign = Buffer.from('[1,"elsewhere",1]').toString("base64url");
  const { errors } = await patch({ pin_timeout: 3 }, { base: foreign });
  expect(errors?.[0]?.extensions).toEqual({ code: "REVISION_NOT_FOUND", pointer: "/base" });
});
