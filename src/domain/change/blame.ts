import { equals, isEmpty, isObject, type Json, type JsonObject } from "../json/json.js";

/** A commit to a document, as blame names it. */
export interface BlamedCommit {
  readonly revision: number;
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly by: string;
  /** Absent: there was none, or there are too many of them in one document: those of the oldest commits go first. */
  readonly note?: string | undefined;
}

/**
 * Which commit last put or changed the value of each leaf of a document (R19). A leaf that was dropped and put again is new;
 * an equal value put again is not.
 *
 * The tree runs parallel to the document, so that no pointer is written down: for each object the blame of its members in
 * the order of `Object.keys`, or one number for all leaves below it. 0 is the commit that made the document as it is, whose
 * time the store alone decides: who keeps the document keeps that too. n is `earlier[n - 1]`.
 */
export interface Blame {
  /** Newest first, and only those that something is left of. */
  readonly earlier: readonly EarlierCommit[];
  readonly tree: BlameTree;
}
/** There can be ten thousand, of which one is looked at: its time, in milliseconds since the epoch, becomes text then. */
interface EarlierCommit extends Omit<BlamedCommit, "at"> {
  readonly time: number;
}
export type BlameTree = number | readonly BlameTree[];

/** A document with the commit that made it, and with its blame. */
export interface BlamedDocument {
  readonly document: JsonObject;
  readonly commit: BlamedCommit;
  readonly blame: Blame;
}

/** As `BlameTree`, while it is made: the commit that is about to be. */
const NEW = -1;
/** Of a document of which nothing came before. */
const ALL_NEW: Blame = { earlier: [], tree: 0 };

/** The blame of a document that a commit makes of the one before it; undefined: there was none. */
export function blameAfter(before: BlamedDocument | undefined, after: JsonObject): Blame {
  if (before === undefined) return ALL_NEW;
  const { document, commit, blame } = before;
  const { at, ...newest } = commit;
  const commits = [{ time: Date.parse(at), ...newest }, ...blame.earlier];
  const tree = treeAfter(after, document, blame.tree);
  const used = new Set<number>();
  collect(tree, used);
  const numbers = new Map([[NEW, 0]]);
  const earlier = commits.filter((_, index) => used.has(index) && numbers.set(index, numbers.size));
  return { earlier, tree: renumbered(tree, numbers) };
}

function treeAfter(after: JsonObject, before: JsonObject, tree: BlameTree): BlameTree {
  const trees = Object.keys(after).map((key): BlameTree => {
    const [value, old] = [after[key] as Json, Object.hasOwn(before, key) ? before[key] : undefined];
    const known = typeof tree === "number" ? tree : (tree[placesOf(before).get(key) ?? 0] ?? 0);
    if (isObject(value) && isObject(old) && !isEmpty(value) && !isEmpty(old))
      return treeAfter(value, old, known);
    return equals(value, old) ? known : NEW;
  });
  return gathered(trees);
}

const places = new WeakMap<JsonObject, ReadonlyMap<string, number>>();

/** At which place of a tree each member is. */
function placesOf(document: JsonObject): ReadonlyMap<string, number> {
  const known = places.get(document) ?? new Map(Object.keys(document).map((key, index) => [key, index]));
  places.set(document, known);
  return known;
}

function gathered(trees: readonly BlameTree[]): BlameTree {
  const [first] = trees;
  return typeof first === "number" && trees.every((tree) => tree === first) ? first : trees;
}

function collect(tree: BlameTree, used: Set<number>): void {
  if (typeof tree === "number") used.add(tree);
  else for (const each of tree) collect(each, used);
}

function renumbered(tree: BlameTree, numbers: ReadonlyMap<number, number>): BlameTree {
  return typeof tree === "number" ? (numbers.get(tree) ?? 0) : tree.map((each) => renumbered(each, numbers));
}

/** One revision of a document; undefined: it removed the document. */
export interface BlamedRevision extends BlamedCommit {
  readonly document: JsonObject | undefined;
}

/**
 * What revisions, oldest first, make of a document. The first one counts as the origin of all that it has where it is not
 * known what came before it.
 */
export function blameOfRevisions(
  before: BlamedDocument | undefined,
  revisions: Iterable<BlamedRevision>,
): BlamedDocument | undefined {
  let blamed = before;
  for (const { document, ...commit } of revisions)
    blamed = document && { document, commit, blame: blameAfter(blamed, document) };
  return blamed;
}

/** Who put the leaf at the end of a way down; undefined: the document has none there. */
export function blamedCommit(
  { document, commit, blame }: BlamedDocument,
  tokens: readonly string[],
): BlamedCommit | undefined {
  let [value, tree]: [Json, BlameTree] = [document, blame.tree];
  for (const token of tokens) {
    if (!isObject(value) || !Object.hasOwn(value, token)) return undefined;
    if (typeof tree !== "number") tree = tree[placesOf(value).get(token) ?? 0] ?? 0;
    value = value[token] as Json;
  }
  if (isObject(value) && !isEmpty(value)) return undefined;
  if (typeof tree !== "number") return undefined;
  if (tree === 0) return commit;
  const earlier = blame.earlier[tree - 1];
  if (earlier === undefined) return undefined;
  const { revision, time, by, note } = earlier;
  return { revision, at: new Date(time).toISOString(), by, ...(note !== undefined && { note }) };
}

/** UTF-8 bytes that the texts of a blame may take, as JSON: more than all notes of most documents have. */
const TEXT_BYTES = 256 * 1024;

/** Blame as the store keeps it. */
export function blameText({ earlier, tree }: Blame): string {
  const texts = new Map<string, number>();
  let bytes = 0;
  const place = (text: string): number => {
    const known = texts.get(text);
    if (known !== undefined) return known;
    bytes += Buffer.byteLength(JSON.stringify(text)) + 1;
    texts.set(text, texts.size);
    return texts.size - 1;
  };
  const commits = earlier.map(({ revision, time, by, note }) => {
    const commit = [revision, time, place(by)];
    if (note !== undefined && bytes < TEXT_BYTES) commit.push(place(note));
    return commit;
  });
  return JSON.stringify({ texts: [...texts.keys()], commits, tree });
}

/** Undefined: it is not as `blameText` writes it. */
export function parseBlameText(text: string): Blame | undefined {
  try {
    const { texts, commits, tree } = JSON.parse(text);
    if (!Array.isArray(texts) || !texts.every((each) => typeof each === "string")) return undefined;
    if (!Array.isArray(commits) || !isTree(tree, commits.length)) return undefined;
    const earlier = commits.map((commit) => parseCommit(commit, texts));
    return earlier.every((commit) => commit !== undefined) ? { earlier, tree } : undefined;
  } catch {
    return undefined;
  }
}

export function isBlameText(text: string): boolean {
  return parseBlameText(text) !== undefined;
}

/** Milliseconds since the epoch that a time may be away from it, in JavaScript. */
const TIME_LIMIT = 8.64e15;

function parseCommit(commit: unknown, texts: readonly string[]): EarlierCommit | undefined {
  if (!Array.isArray(commit) || !commit.every((number) => Number.isSafeInteger(number))) return undefined;
  const [revision, time, byPlace, notePlace] = commit as [number, number, number, number?];
  const [by, note] = [texts[byPlace], notePlace === undefined ? undefined : texts[notePlace]];
  if (by === undefined || (notePlace !== undefined && note === undefined)) return undefined;
  if (Math.abs(time) > TIME_LIMIT) return undefined;
  return note === undefined ? { revision, time, by } : { revision, time, by, note };
}

function isTree(tree: unknown, commits: number): tree is BlameTree {
  if (Array.isArray(tree)) return tree.every((each) => isTree(each, commits));
  return Number.isInteger(tree) && (tree as number) >= 0 && (tree as number) <= commits;
}
