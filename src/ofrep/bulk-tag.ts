import { hash } from "node:crypto";
import { mayAccessLayer } from "../service/authorize.js";
import type { ConfigSnapshot } from "../service/read/config-snapshot.js";

/**
 * The tag of a bulk answer: characters for the state of everything in it, then, in base 36, the second at which the address of
 * its event stream ends. A client that is told that it has the answer already keeps the address, so that has to be good, too.
 */
const STATE_CHARACTERS = 21;
const END_CHARACTERS = 6;
const TAG = new RegExp(`^[\\w-]{${STATE_CHARACTERS}}[0-9a-z]{${END_CHARACTERS}}$`);

/**
 * Changes exactly when something may have changed that a caller is told of these configs.
 * @param salt names what addresses of event streams are signed with: with another one the old addresses end
 */
export function bulkState(snapshots: readonly ConfigSnapshot[], salt: string): string {
  const parts = snapshots.map((snapshot) => {
    const { config, etag, schema, view } = snapshot;
    const layers = config.layers.map(({ accountId, revision }) => {
      const isKnown = accountId !== undefined && mayAccessLayer(view, accountId);
      return [revision ?? 0, isKnown ? accountId : ""];
    });
    return [etag, schema.account?.digest ?? "", ...layers];
  });
  return hash("sha256", JSON.stringify([salt, parts]), "base64url").slice(0, STATE_CHARACTERS);
}

/** @param endsAt of the address, in seconds since the epoch; undefined: never, or there is none */
export function bulkTag(state: string, endsAt: number | undefined): string {
  return state + (endsAt ?? 0).toString(36).padStart(END_CHARACTERS, "0");
}

/** The state that a tag tells of, however it comes: as a header has it, or bare. Of what is no tag of ours: the text itself. */
export function stateIn(text: string): string {
  const [, tag = ""] = /^(?:W\/)?"?([\w-]*)(?:\.\w+)?"?$/.exec(text.trim()) ?? [];
  return TAG.test(tag) ? tag.slice(0, STATE_CHARACTERS) : text;
}

/** Whether the answer that came with this tag is still the answer. @param now in seconds since the epoch */
export function isCurrentTag(tag: string, state: string, now: number): boolean {
  if (!TAG.test(tag) || !tag.startsWith(state)) return false;
  const endsAt = Number.parseInt(tag.slice(STATE_CHARACTERS), 36);
  return endsAt === 0 || endsAt > now;
}
