/** Who calls, as the API says it. */
export interface Viewer {
  readonly subject: string;
  readonly superadmin: boolean;
  readonly canWrite: boolean;
  readonly account: { readonly id: string; readonly name: string } | null;
}

/** @throws Error with what to tell the user */
export async function fetchViewer(url: URL, token: string | undefined): Promise<Viewer> {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query: "{ viewer { subject superadmin canWrite account { id name } } }" }),
  });
  const { data, errors } = await response.json();
  if (data?.viewer) return data.viewer;
  throw new Error(errors?.[0]?.message ?? `The gateway answered ${response.status}.`);
}
