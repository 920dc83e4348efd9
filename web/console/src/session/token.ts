/**
 * The token that a sign-in link carries in its fragment (`#token=…`). A fragment is sent to nobody; it is taken off the
 * address at once, so that it stays out of the history, bookmarks and screenshots.
 */
export function takeToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null) return null;
  history.replaceState(history.state, "", location.pathname + location.search);
  return token.trim() === "" ? null : token.trim();
}
