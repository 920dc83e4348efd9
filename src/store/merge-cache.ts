/**
 * A cache that gateways share. It may forget anything at any time, and whoever asks goes on without it: it never fails
 * and never keeps anybody waiting for long. A key stands for one text for ever.
 */
export interface MergeCache {
  get(key: string): Promise<string | undefined>;
  /** Returns at once. */
  put(key: string, text: string): void;
  close(): void;
}
