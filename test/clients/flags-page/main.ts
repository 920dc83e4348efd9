import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
import { type Client, OpenFeature, type Provider, ProviderEvents } from "@openfeature/web-sdk";

/** What tests ask the page to do. */
export interface FlagsPage {
  /** The token of the next request to Strata. */
  token: string;
  /** The SDK over the provider as it is. Rejects when the provider is not ready. */
  open(baseUrl: string, options?: object): Promise<void>;
  readonly client: Client;
  setAccount(account: string): Promise<void>;
  /** What the SDK said has happened: the event, and the keys of the flags that it says have changed. */
  readonly events: [event: string, keys: readonly string[]][];
}

const DOMAIN = "settings";

class Opened implements FlagsPage {
  token = "";
  readonly client = OpenFeature.getClient(DOMAIN);
  readonly events: FlagsPage["events"] = [];

  constructor() {
    for (const event of Object.values(ProviderEvents))
      this.client.addHandler(event, (details) => {
        const { flagsChanged = [] } = (details ?? {}) as { flagsChanged?: string[] };
        this.events.push([event, flagsChanged]);
      });
  }

  async open(baseUrl: string, options: object = {}): Promise<void> {
    const headersFactory = async (): Promise<[string, string][]> => [
      ["Authorization", `Bearer ${this.token}`],
    ];
    const provider = new OFREPWebProvider({ baseUrl, headersFactory, cacheMode: "disabled", ...options });
    // The package is compiled without exact optional properties.
    await OpenFeature.setProviderAndWait(DOMAIN, provider as Provider);
  }

  setAccount(account: string): Promise<void> {
    return OpenFeature.setContext(DOMAIN, { targetingKey: account });
  }
}

declare global {
  var flags: FlagsPage;
}
globalThis.flags = new Opened();
