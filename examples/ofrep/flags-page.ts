import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
import { OpenFeature, type Provider, ProviderEvents } from "@openfeature/web-sdk";

/**
 * Shows how long callers have to enter the PIN of a conference, and shows it again whenever somebody has changed it.
 * @returns what ends that
 */
export async function followPinTimeout(
  baseUrl: string,
  token: () => Promise<string>,
  show: (milliseconds: number) => void,
): Promise<() => Promise<void>> {
  const headersFactory = async (): Promise<[string, string][]> => [
    ["Authorization", `Bearer ${await token()}`],
  ];
  // Nothing of the account stays on the visitor's disk.
  const provider = new OFREPWebProvider({ baseUrl, headersFactory, cacheMode: "disabled" });
  await OpenFeature.setProviderAndWait("settings", provider as Provider);
  const client = OpenFeature.getClient("settings");
  const tell = () => show(client.getNumberValue("conferences:pin_timeout", 5_000));
  client.addHandler(ProviderEvents.ConfigurationChanged, tell);
  tell();
  return () => OpenFeature.clearProviders();
}
