import { useCallback, useEffect, useRef, useState } from "react";
import { AccountsDocument } from "../api/operations.generated.js";
import { useSession } from "../session/session.js";
import { useStore } from "../store.js";
import { useLoad } from "../use-load.js";
import { readEtag } from "./config-source.js";
import type { Place } from "./place.js";

/**
 * The account whose stream tells of changes. The system level has none of its own: its documents are part of what every account's
 * configs are made of, and bookmarks tell also of what no account sees.
 * @returns null as long as there is none
 */
export function useStreamAccount(place: Pick<Place, "accountId"> | null): string | null {
  const { api } = useSession();
  const isSystem = place !== null && place.accountId === null;
  const top = useLoad(isSystem ? "top" : null, () => api.run(AccountsDocument, { first: 1 }));
  return isSystem ? (top.data?.accounts?.nodes[0]?.id ?? null) : (place?.accountId ?? null);
}

/** How often views look for changes where none are sent. */
const LOOK_MS = 3_000;

/** Calls when the config is another than the one shown. @param place null: nothing is followed */
export function useChanges(place: Place | null, etag: string | undefined, onChange: () => void): void {
  const { api } = useSession();
  const state = useStore(api.live.state);
  const latest = useRef({ etag, onChange });
  latest.current = { etag, onChange };
  const { accountId = null, configId } = place ?? {};
  const stream = useStreamAccount(place);
  const [hasEnded, setEnded] = useState(false);
  const look = useCallback(async () => {
    if (configId === undefined || latest.current.etag === undefined) return;
    // What fails now is tried again with the next message, or in a moment.
    const now = await readEtag(api, { accountId, configId }).catch(() => undefined);
    if (now !== undefined && now !== latest.current.etag) latest.current.onChange();
  }, [api, accountId, configId]);

  useEffect(() => {
    if (stream === null || configId === undefined) return undefined;
    setEnded(false);
    const watcher = {
      onChange(change: { readonly etag: string } | null) {
        if (accountId === null) void look();
        else if (change !== null && change.etag !== latest.current.etag) latest.current.onChange();
      },
      onEnd() {
        setEnded(true);
        if (accountId !== null) latest.current.onChange();
      },
    };
    return api.live.watch(stream, configId, watcher, accountId === null);
  }, [api, stream, accountId, configId, look]);

  const mustLook = configId !== undefined && (state !== "live" || hasEnded || stream === null);
  useEffect(() => {
    if (!mustLook) return undefined;
    const lookIfSeen = () => document.visibilityState === "visible" && void look();
    const timer = setInterval(lookIfSeen, LOOK_MS);
    document.addEventListener("visibilitychange", lookIfSeen);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", lookIfSeen);
    };
  }, [mustLook, look]);
}
