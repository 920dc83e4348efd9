const PATH = "/graphql";

/** Whether a request's URL names the GraphQL endpoint, however it is spelled: percent-encoded, or with the server's name. */
export function isGraphqlUrl(url: string): boolean {
  if (url.startsWith(PATH)) return url.length === PATH.length || "?#".includes(url.charAt(PATH.length));
  if (url.startsWith("/") && !url.includes("%")) return false;
  try {
    const path = url.startsWith("/") ? url.split(/[?#]/, 1).join() : new URL(url).pathname;
    return decodeURIComponent(path) === PATH;
  } catch {
    return false;
  }
}
