import type { GraphiQLProps } from "graphiql";

type Storage = NonNullable<GraphiQLProps["storage"]>;

/**
 * The browser's storage, for GraphiQL: tabs and past queries are kept in it, headers never are. A token may be among them, and
 * GraphiQL's history would keep it.
 */
export function storedWithoutHeaders(storage: Storage): Storage {
  return {
    get length() {
      return storage.length;
    },
    getItem: (key) => storage.getItem(key),
    setItem: (key, value) => {
      if (!key.endsWith(":headers")) storage.setItem(key, withoutHeaders(value));
    },
    removeItem: (key) => storage.removeItem(key),
    clear: () => storage.clear(),
  };
}

function withoutHeaders(text: string): string {
  if (!text.includes('"headers"')) return text;
  try {
    return JSON.stringify(
      JSON.parse(text, (key: string, value: unknown) => (key === "headers" ? null : value)),
    );
  } catch {
    // It is a query, or an editor's text.
    return text;
  }
}
