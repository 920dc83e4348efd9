import { useMemo } from "react";
import { messageOf } from "../api/api-error.js";
import { readChangesSince } from "../config/config-source.js";
import { type Place, placeKey } from "../config/place.js";
import { useSession } from "../session/session.js";
import { useLoad } from "../use-load.js";

export interface ChangedSince {
  /** Null while nobody asked, or nothing is known yet. */
  readonly pointers: ReadonlySet<string> | null;
  readonly error: string | null;
}

/** The fields that changed since a moment. @param etag asks again when the config moves */
export function useChangedSince(
  place: Place,
  time: string | null,
  asOf: string | null,
  etag: string,
): ChangedSince {
  const { api } = useSession();
  const key = time === null ? null : `${placeKey(place)} ${time} ${asOf ?? ""} ${etag}`;
  const { data, error } = useLoad(key, () => readChangesSince(api, place, time ?? "", asOf));
  const pointers = useMemo(
    () => (data === undefined ? null : new Set(data.map(({ pointer }) => pointer))),
    [data],
  );
  return { pointers, error: error === undefined ? null : messageOf(error) };
}
