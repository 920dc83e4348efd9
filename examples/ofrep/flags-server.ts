import { OFREPProvider } from "@openfeature/ofrep-provider";
import { OpenFeature } from "@openfeature/server-sdk";

/** How long callers have to enter the PIN of a conference, and where that is set. */
export async function pinTimeout(
  baseUrl: string,
  token: string,
): Promise<[milliseconds: number, layer: string]> {
  const headers: [string, string][] = [["Authorization", `Bearer ${token}`]];
  await OpenFeature.setProviderAndWait("settings", new OFREPProvider({ baseUrl, headers }));
  const client = OpenFeature.getClient("settings");
  const { value, variant = "the code" } = await client.getNumberDetails("conferences:pin_timeout", 5_000);
  return [value, variant];
}
