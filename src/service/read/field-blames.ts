import { type BlamedCommit, type BlamedDocument, blamedCommit } from "../../domain/change/blame.js";
import { equals, isObject, type Json, type JsonObject } from "../../domain/json/json.js";
import { tokensOf } from "../../domain/json/pointer.js";
import type { Field } from "../../domain/merge/field-tree.js";
import { keyText, sameVersion } from "../../store/store.js";
import { mayAccessLayer } from "../authorize.js";
import { blamedDocument, type DerivedBlame, derivedBlame } from "./blamed-document.js";
import type { ConfigSnapshot } from "./config-snapshot.js";
import type { RequestReader } from "./request-reader.js";

/** What is known of one layer: who put what, in its document as the snapshot has it. */
interface LayerBlame {
  readonly blamed: DerivedBlame | undefined;
  /** The same of a later document: whatever it says of commits up to this revision holds for the earlier one as well. */
  readonly later: BlamedDocument | undefined;
  readonly revision: number;
}

/** Who put the values of a snapshot's fields in their source layers, as far as the caller may know (R15, R19). */
export class FieldBlames {
  private constructor(
    private readonly snapshot: ConfigSnapshot,
    /** Highest precedence first. Undefined: nothing stored, or above the caller's reach. */
    private readonly layers: readonly (LayerBlame | undefined)[],
  ) {}

  /** @throws StrataError STORE_UNAVAILABLE */
  static async of(snapshot: ConfigSnapshot, reader: RequestReader): Promise<FieldBlames> {
    const { keys, versions, view } = snapshot;
    const [own] = keys;
    if (own === undefined) return new FieldBlames(snapshot, []);
    const now = await reader.blamedLayers(own);
    const readHistory = reader.history.bind(reader);
    const layers = keys.map(async (key, index): Promise<LayerBlame | undefined> => {
      const version = versions[index];
      if (version === undefined || !mayAccessLayer(view, key.accountId)) return undefined;
      const stored = now?.documents[now.keys.findIndex((each) => keyText(each) === keyText(key))];
      const current = stored && (await blamedDocument(readHistory, key, stored));
      const { revision } = version;
      if (sameVersion(stored?.version, version)) return { blamed: current, later: undefined, revision };
      return { blamed: await derivedBlame(readHistory, key, version), later: current, revision };
    });
    return new FieldBlames(snapshot, await Promise.all(layers));
  }

  /**
   * Undefined for what the schema says, above the caller's reach, for what a dry run would change, and of a past moment
   * where the commit is not kept any more.
   */
  at({ pointer, value, contributions: [source] }: Field): BlamedCommit | undefined {
    const layer = this.layers[this.snapshot.config.layers.length - 1 - source.layer];
    const tokens = tokensOf(pointer);
    if (layer?.blamed === undefined || !equals(valueIn(layer.blamed.document, tokens), value))
      return undefined;
    const later = layer.later && blamedCommit(layer.later, tokens);
    if (later !== undefined && later.revision <= layer.revision) return later;
    const found = blamedCommit(layer.blamed, tokens);
    // A wrong name is worse than none.
    return layer.later !== undefined && found?.revision === layer.blamed.standsForOlder ? undefined : found;
  }
}

function valueIn(document: JsonObject, tokens: readonly string[]): Json | undefined {
  let value: Json | undefined = document;
  for (const token of tokens) {
    if (!isObject(value) || !Object.hasOwn(value, token)) return undefined;
    value = value[token];
  }
  return value;
}
