import { useCallback, useEffect, useRef, useState } from "react";

export interface Loaded<T> {
  /** Of the present key; the last good one while a newer one is on its way. */
  readonly data: T | undefined;
  readonly error: unknown;
  readonly isLoading: boolean;
  reload(): void;
  /** Puts data in place that came from elsewhere, such as a write. */
  replace(data: T): void;
}

interface State<T> {
  readonly key: string | null;
  readonly data?: T;
  readonly error?: unknown;
  readonly isLoading: boolean;
}

/**
 * Loads data for a key, and again when the key changes or somebody asks.
 * @param key what the data is of; null: nothing is to be loaded
 */
export function useLoad<T>(key: string | null, load: () => Promise<T>): Loaded<T> {
  const [state, setState] = useState<State<T>>({ key, isLoading: key !== null });
  const latest = useRef({ key, load, turn: 0 });
  latest.current.key = key;
  latest.current.load = load;

  const reload = useCallback(() => {
    const { current } = latest;
    const asked = current.key;
    if (asked === null) return;
    current.turn += 1;
    const turn = current.turn;
    // An answer that was overtaken by a newer question is dropped.
    const isCurrent = () => latest.current.turn === turn && latest.current.key === asked;
    setState((before) =>
      before.key === asked ? { ...before, isLoading: true } : { key: asked, isLoading: true },
    );
    current.load().then(
      (data) => isCurrent() && setState({ key: asked, data, isLoading: false }),
      (error: unknown) => isCurrent() && setState((before) => ({ ...before, error, isLoading: false })),
    );
  }, []);

  const replace = useCallback((data: T) => {
    latest.current.turn += 1;
    setState({ key: latest.current.key, data, isLoading: false });
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new key is what asks for new data
  useEffect(() => reload(), [key, reload]);

  const isOfKey = state.key === key;
  return {
    data: isOfKey ? state.data : undefined,
    error: isOfKey ? state.error : undefined,
    isLoading: key !== null && (!isOfKey || state.isLoading),
    reload,
    replace,
  };
}
