import { times } from "../../test/attack/attack.js";
import { type HeavyQuery, numbered } from "../../test/graphql/server/heavy-queries.js";

const of = (selection: string) => `{ config(accountId: "acme", configId: "open") { ${selection} } }`;
const changes = "nodes { revision changes { pointer before after } }";

/** What acme's config `open` was, one write after the other: as many fields as there can be, most of them changed each time. */
export const PAST_DOCUMENTS: readonly Record<string, unknown>[] = [1, "a", 2, "b", 3, "c"].map(numbered);

/** Questions about that past; `time` is a moment between the first write and the second. */
export const pastQueries = (time: string): readonly HeavyQuery[] => [
  { name: "the changes of one revision", query: of(`history(first: 1) { ${changes} }`) },
  { name: "the changes of five revisions", query: of(`history(first: 5) { ${changes} }`) },
  {
    name: "the number of the changes of five revisions",
    query: of("history(first: 5) { nodes { changes { __typename } } }"),
  },
  {
    name: "the changes of a revision, five times",
    query: of(times(5, (i) => `a${i}: history(first: 1) { ${changes} } `)),
  },
  { name: "the documents of five revisions", query: of("history(first: 5) { nodes { document } }") },
  {
    name: "lastChange of every field",
    query: of("fields { pointer lastChange { actor at revision note } }"),
  },
  {
    name: "lastChange of every field, three times",
    query: of(times(3, (i) => `a${i}: fields { lastChange { revision } } `)),
  },
  {
    name: "changesSince",
    query: of(
      `changesSince(time: "${time}") { pointer before after sourceBefore sourceAfter by { actor at revision } }`,
    ),
  },
  {
    name: "changesSince, three times",
    query: of(times(3, (i) => `a${i}: changesSince(time: "${time}") { pointer by { revision } } `)),
  },
  {
    name: "all fields as of then",
    query: `{ config(accountId: "acme", configId: "open", asOf: "${time}") { fields { pointer value lastChange { revision } } } }`,
  },
  {
    name: "the values as of then, twenty times",
    query: `{ ${times(20, (i) => `a${i}: config(accountId: "acme", configId: "open", asOf: "${time}") { values etag } `)} }`,
  },
];
