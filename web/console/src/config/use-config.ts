import { useCallback, useEffect, useRef, useState } from "react";
import { useSession } from "../session/session.js";
import { useStore } from "../store.js";
import { useLoad } from "../use-load.js";
import { type ConfigView, readConfig, readEtag } from "./config-source.js";
import { differingFields } from "./differing-fields.js";
import { type Place, placeKey } from "./place.js";

export interface FollowedConfig {
  readonly view: ConfigView | undefined;
  readonly error: unknown;
  reload(): void;
  /** Shows the config that a write answered with. */
  replace(view: ConfigView): void;
  /** Fields that changed a moment ago, and were changed by somebody else. */
  readonly flashing: ReadonlySet<string>;
}

const FLASH_MS = 3_000;
const NONE: ReadonlySet<string> = new Set();

/** One config, followed as it changes. The past stands still. */
export function useConfig(place: Place, asOf: string | null): FollowedConfig {
  const { api } = useSession();
  const {
    data: view,
    error,
    reload,
    replace,
  } = useLoad(`${placeKey(place)} ${asOf ?? ""}`, () => readConfig(api, place, asOf));
  useChanges(asOf === null ? place : null, view?.etag, reload);

  const [flashing, setFlashing] = useState(NONE);
  const shown = useRef<ConfigView | undefined>(undefined);
  useEffect(() => {
    const before = shown.current;
    shown.current = view;
    if (before === undefined || view === undefined || before.id !== view.id) return undefined;
    const changed = differingFields(before, view);
    if (changed.size === 0) return undefined;
    setFlashing(changed);
    const timer = setTimeout(() => setFlashing(NONE), FLASH_MS);
    return () => clearTimeout(timer);
  }, [view]);

  const put = useCallback(
    (next: ConfigView) => {
      // A change of one's own needs no flash.
      shown.current = next;
      replace(next);
    },
    [replace],
  );
  return { view, error, reload, replace: put, flashing };
}

/** How often views look for changes where none are sent. */
const LOOK_MS = 3_000;

/** Calls when the config is another than the one shown. @param place null: nothing is followed */
function useChanges(place: Place | null, etag: string | undefined, onChange: () => void): void {
  const { api } = useSession();
  const state = useStore(api.live.state);
  const latest = useRef({ etag, onChange });
  latest.current = { etag, onChange };
  const { accountId = null, configId } = place ?? {};

  const [hasEnded, setEnded] = useState(false);
  useEffect(() => {
    if (accountId === null || configId === undefined) return undefined;
    setEnded(false);
    return api.live.watch(accountId, configId, {
      onChange: ({ etag: now }) => now !== latest.current.etag && latest.current.onChange(),
      onEnd() {
        setEnded(true);
        latest.current.onChange();
      },
    });
  }, [api, accountId, configId]);

  const mustLook = configId !== undefined && (state !== "live" || hasEnded || accountId === null);
  useEffect(() => {
    if (!mustLook || configId === undefined) return undefined;
    const look = async () => {
      if (document.visibilityState !== "visible" || latest.current.etag === undefined) return;
      const now = await readEtag(api, { accountId, configId });
      if (now !== latest.current.etag) latest.current.onChange();
    };
    // What fails now is tried again in a moment.
    const timer = setInterval(() => look().catch(() => {}), LOOK_MS);
    return () => clearInterval(timer);
  }, [api, mustLook, accountId, configId]);
}
