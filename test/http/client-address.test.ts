import type { IncomingMessage } from "node:http";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createReadClient } from "../../src/http/client-address.js";
import type { TrustedProxies } from "../../src/http/trusted-proxies.js";
import { cases } from "../cases.js";
import { law } from "../domain/law.js";
import { OTHER_SETTINGS, TestApp } from "../graphql/test-app.js";

type Headers = Readonly<Record<string, string>>;

function clientOf(trusted: TrustedProxies | undefined, peer: string, headers: Headers = {}) {
  const request = { socket: { remoteAddress: peer }, headers: { host: "strata.local:4000", ...headers } };
  return createReadClient(trusted)(request as unknown as IncomingMessage);
}

const forwarded = (...items: string[]): Headers => ({ "x-forwarded-for": items.join(", ") });

describe("the client of a request", () => {
  test("is the peer of its connection where no proxy is trusted, whatever the headers say", () => {
    const headers = {
      ...forwarded("1.1.1.1"),
      "x-forwarded-proto": "https",
      "x-forwarded-host": "evil.example",
      forwarded: "for=1.1.1.1;proto=https",
    };
    const own = { address: "10.0.0.1", origin: "http://strata.local:4000" };
    expect(clientOf(undefined, "10.0.0.1", headers)).toEqual(own);
    expect(clientOf(["10.0.0.2"], "10.0.0.1", headers)).toEqual(own);
  });

  test("is the last address that a trusted proxy vouches for", () => {
    const chain = forwarded("9.9.9.9", "1.1.1.1", "10.0.0.2");
    expect(clientOf(["10.0.0.0/8"], "10.0.0.1", chain).address).toBe("1.1.1.1");
    expect(clientOf(["10.0.0.1"], "10.0.0.1", chain).address).toBe("10.0.0.2");
    expect(clientOf(1, "10.0.0.1", chain).address).toBe("10.0.0.2");
    expect(clientOf(2, "10.0.0.1", chain).address).toBe("1.1.1.1");
    expect(clientOf(9, "10.0.0.1", chain).address).toBe("9.9.9.9");
    expect(clientOf(["uniquelocal"], "fc00::1", forwarded("2001:DB8::1")).address).toBe("2001:db8::1");
  });

  test("is the peer where a trusted proxy says nothing", () => {
    expect(clientOf(1, "10.0.0.1").address).toBe("10.0.0.1");
    expect(clientOf(1, "10.0.0.1", forwarded("")).address).toBe("10.0.0.1");
  });

  test("is one address however it is spelled: with a port, in brackets, as IPv4 over IPv6", () => {
    for (const spelled of ["1.1.1.1", "1.1.1.1:5000", "::ffff:1.1.1.1", "[::ffff:1.1.1.1]:5000"])
      expect(clientOf(1, "10.0.0.1", forwarded(spelled)).address).toBe("1.1.1.1");
    expect(clientOf(1, "10.0.0.1", forwarded("[2001:db8::1]:80")).address).toBe("2001:db8::1");
    expect(clientOf(["10.0.0.1"], "::ffff:10.0.0.1", forwarded("1.1.1.1")).address).toBe("1.1.1.1");
    expect(clientOf(undefined, "::ffff:10.0.0.1").address).toBe("10.0.0.1");
  });

  test("is never something that is no address", () => {
    for (const text of ["unknown", "_hidden", "a".repeat(9_000), "1.1.1", "<script>", "127.1"]) {
      expect(clientOf(1, "10.0.0.1", forwarded("1.1.1.1", text)).address).toBe("10.0.0.1");
      expect(clientOf(["10.0.0.0/8"], "10.0.0.1", forwarded(text, "10.0.0.2")).address).toBe("10.0.0.2");
    }
  });

  test("calls this server as the outermost trusted proxy heard it", () => {
    const said = (proto: string, host: string, ...chain: string[]) => ({
      ...forwarded(...chain),
      "x-forwarded-proto": proto,
      "x-forwarded-host": host,
    });
    const one = ["10.0.0.0/8"];
    expect(clientOf(one, "10.0.0.1", said("https", "strata.example", "1.1.1.1")).origin).toBe(
      "https://strata.example",
    );
    // The client has sent the first items; the only trusted proxy has added the last.
    expect(
      clientOf(one, "10.0.0.1", said("https, http", "evil.example, strata.example", "1.1.1.1")).origin,
    ).toBe("http://strata.example");
    expect(
      clientOf(one, "10.0.0.1", said("https, http", "strata.example, inner:80", "1.1.1.1", "10.0.0.2"))
        .origin,
    ).toBe("https://strata.example");
    expect(clientOf(one, "10.0.0.1", said("javascript", 'x"><script>', "1.1.1.1")).origin).toBe(
      "http://strata.local:4000",
    );
  });

  const addresses = fc.record({
    made: fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ maxLength: 20 })), { maxLength: 5 }),
    client: fc.ipV4().filter((address) => !address.startsWith("10.")),
    proxies: fc.array(
      fc.nat(254).map((last) => `10.0.0.${last}`),
      { minLength: 1, maxLength: 4 },
    ),
    isCounted: fc.boolean(),
  });
  law(
    "does not depend on what the client itself puts into the headers",
    addresses,
    ({ made, client, proxies, isCounted }) => {
      const [peer = "", ...others] = proxies;
      const added = [client, ...others];
      const read = (own: readonly string[]) =>
        clientOf(isCounted ? proxies.length : ["10.0.0.0/8"], peer, {
          ...forwarded(...own, ...added),
          "x-forwarded-proto": [...own, ...added.map(() => "https")].join(","),
        });
      expect(read(made)).toEqual({ address: client, origin: "https://strata.local:4000" });
    },
    cases(2_000),
  );
});

describe("behind a trusted proxy", () => {
  const PROXY = "10.0.0.1";
  const QUERY = { query: "{ __typename }" };

  /** @param remoteAddress whose connection it is */
  async function open(rateLimit?: number) {
    const opened = await TestApp.forTest(undefined, { ...OTHER_SETTINGS, rateLimit, trustProxy: [PROXY] });
    const send = (url: string, headers: Headers = {}, remoteAddress = PROXY) =>
      opened.app.inject({
        method: url === "/graphql" && headers.accept === undefined ? "POST" : "GET",
        url,
        remoteAddress,
        headers: { host: "127.0.0.1:4000", ...headers },
        ...(url === "/graphql" && headers.accept === undefined && { payload: QUERY }),
      });
    return { opened, send };
  }

  test.each(["/graphql", "/v2/accounts/acme/configs/conferences"])(
    "rates are counted by the client's address, whatever it says of itself: %s",
    async (url) => {
      const { send } = await open(3);
      const flood = (headers: (index: number) => Headers, peer?: string) =>
        Promise.all(Array.from({ length: 20 }, (_, index) => send(url, headers(index), peer)));
      const refused = (answers: Awaited<ReturnType<typeof flood>>) =>
        answers.filter(({ statusCode }) => statusCode === 429).length;
      // The window of a second may end in between.
      expect(refused(await flood((index) => forwarded(`8.8.8.${index}`, "1.1.1.1")))).toBeGreaterThanOrEqual(
        14,
      );
      expect(refused(await flood((index) => forwarded(`1.2.3.${index}`)))).toBe(0);
      // Past the proxy, the connection's own address counts.
      expect(refused(await flood((index) => forwarded(`1.2.3.${index}`), "7.7.7.7"))).toBeGreaterThanOrEqual(
        14,
      );
    },
  );

  test("the log has the client's address, of both faces, and of what is refused or nowhere", async () => {
    const { opened, send } = await open();
    for (const url of ["/graphql", "/v2/accounts/acme/configs/conferences", "/health/live", "/nowhere"])
      await send(url, forwarded("6.6.6.6", "1.1.1.1"));
    const addresses = opened.log
      .map((line) => JSON.parse(line))
      .filter(({ msg }) => msg === "request")
      .map(({ address }) => address);
    expect(addresses).toEqual(["1.1.1.1", "1.1.1.1", "1.1.1.1", "1.1.1.1"]);
  });

  test.each(["/", "/graphql"])("the page at %s shows the address that the client uses", async (url) => {
    const { send } = await open();
    const page = { accept: "text/html", ...forwarded("1.1.1.1") };
    const named = { ...page, "x-forwarded-proto": "https", "x-forwarded-host": "strata.example" };
    expect((await send(url, named)).payload).toContain("<code>https://strata.example/graphql</code>");
    expect((await send(url, { ...page, "x-forwarded-proto": "https" })).payload).toContain(
      "<code>https://127.0.0.1:4000/graphql</code>",
    );
    expect((await send(url, named, "7.7.7.7")).payload).toContain(
      "<code>http://127.0.0.1:4000/graphql</code>",
    );
    expect((await send(url, { ...named, "x-forwarded-host": "x<y" })).payload).not.toContain("x<y");
  });

  test("a page of our own may write without a token though TLS ends at the proxy, and no other may", async () => {
    const { opened } = await open();
    const patch = (headers: Headers, remoteAddress = PROXY) =>
      opened.app.inject({
        method: "PATCH",
        url: "/v2/accounts/acme/configs/conferences",
        remoteAddress,
        headers: { host: "127.0.0.1:4000", ...forwarded("1.1.1.1"), ...headers },
        payload: { data: { pin_timeout: 3_000 } },
      });
    const own = { origin: "https://127.0.0.1:4000", "x-forwarded-proto": "https" };
    expect((await patch(own)).statusCode).toBe(200);
    expect((await patch(own, "7.7.7.7")).statusCode).toBe(403);
    expect((await patch({ ...own, origin: "https://evil.example" })).statusCode).toBe(403);
  });

  test("names of this machine alone are answered to, whatever a forwarded host says, where nobody has to say who they are", async () => {
    const { send } = await open();
    const headers = { host: "strata.example", "x-forwarded-host": "127.0.0.1:4000" };
    for (const url of ["/graphql", "/v2/accounts/acme/configs/conferences"])
      expect((await send(url, headers)).statusCode).toBe(421);
  });
});
