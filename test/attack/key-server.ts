import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, type JWK } from "jose";

/** Publishes keys, and counts who asks for them. */
export class KeyServer {
  #fetches = 0;
  #trapped = 0;
  readonly #keys = new Map<string, JWK>();
  readonly #hidden = new Map<string, JWK>();
  readonly #server = createServer((request, response) => {
    if (request.url === "/keys") this.#fetches++;
    else this.#trapped++;
    response.setHeader("Content-Type", "application/json").end(this.text());
  });

  async listen(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/keys`;
  }

  /** Where tokens would have their keys fetched from. */
  get trap(): string {
    return this.url.replace("/keys", "/trap");
  }

  fetches(): number {
    return this.#fetches;
  }

  trapped(): number {
    return this.#trapped;
  }

  text(): string {
    return JSON.stringify({ keys: [...this.#keys.values()] });
  }

  keyOf(kid: string): JWK | undefined {
    return this.#keys.get(kid) ?? this.#hidden.get(kid);
  }

  /** One for RS256 alone. */
  async publish(kid: string, key: CryptoKey): Promise<void> {
    this.#keys.set(kid, { ...(await exportJWK(key)), kid, alg: "RS256" });
  }

  /** One that says nothing of algorithms. */
  async publishPlain(kid: string, key: CryptoKey): Promise<void> {
    this.#keys.set(kid, { ...(await exportJWK(key)), kid });
  }

  /** Known to the attacker alone. */
  async hide(kid: string, key: CryptoKey): Promise<void> {
    this.#hidden.set(kid, { ...(await exportJWK(key)), kid });
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
