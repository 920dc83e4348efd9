import { useCallback, useEffect, useRef, useState } from "react";
import { useSession } from "../session/session.js";
import { useLoad } from "../use-load.js";
import { type ConfigView, readConfig } from "./config-source.js";
import { differingFields } from "./differing-fields.js";
import { type Place, placeKey } from "./place.js";
import { useChanges } from "./use-changes.js";

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
