/**
 * Takes the token out of the address (`#token=…`), where `strata token --open` puts it: no server is sent the fragment, and neither
 * history nor a copied address has the token afterwards.
 */
export function takeTokenFromFragment(): string | undefined {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const token = fragment.get("token");
  if (token === null) return undefined;
  fragment.delete("token");
  const rest = fragment.size === 0 ? "" : `#${fragment}`;
  history.replaceState(history.state, "", location.pathname + location.search + rest);
  return token.trim() === "" ? undefined : token.trim();
}
