import { EventSource } from "eventsource";

/** Calls back with each state of a config. @returns what ends it */
export function follow(
  origin: string,
  token: () => Promise<string>,
  { accountId, configId }: { accountId: string; configId: string },
  show: (values: Record<string, unknown>) => void,
): () => void {
  const source = new EventSource(`${origin}/v2/accounts/${accountId}/configs/${configId}/stream`, {
    fetch: async (url, init) =>
      fetch(url, { ...init, headers: { ...init.headers, Authorization: `Bearer ${await token()}` } }),
  });
  source.onmessage = ({ data }) => show(JSON.parse(data).data);
  // Why there is no more: the account is gone, or the token has ended. The source asks again.
  source.addEventListener("end", ({ data }) => console.warn(JSON.parse(data).message));
  return () => source.close();
}
