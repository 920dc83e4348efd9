import { describe, expect, test } from "vitest";
import { EventReader } from "../graphql/server/stream/event-reader.js";
import { LiveApp } from "../graphql/server/stream/live-app.js";

const PATH = "/v2/accounts/acme/configs/conferences/stream";

describe("the stream of a config over REST", () => {
  test("tells the config, and then a change, each in KAZOO's envelope", async () => {
    const live = await LiveApp.forTest();
    const reader = await EventReader.open(live.origin + PATH, { headers: { "accept-encoding": "gzip" } });
    const { status, headers } = reader.response;
    expect([status, headers.get("content-type"), headers.get("content-encoding")]).toEqual([
      200,
      "text/event-stream; charset=utf-8",
      null,
    ]);
    expect([headers.get("cache-control"), headers.get("x-accel-buffering")]).toEqual(["no-store", "no"]);
    const first = await reader.event();
    const message = JSON.parse(first?.data ?? "");
    expect(message).toMatchObject({
      data: { id: "configs_conferences", pin_timeout: 3_000 },
      snapshot: true,
      reset: false,
      changes: [],
      status: "success",
      request_id: expect.any(String),
    });
    expect(first).toMatchObject({ id: message.cursor });
    expect(first).not.toHaveProperty("event");
    await live.write({ pin_timeout: 5_001 });
    const second = JSON.parse((await reader.event())?.data ?? "");
    expect(second).toMatchObject({
      data: { pin_timeout: 5_001 },
      snapshot: false,
      changes: [{ pointer: "/pin_timeout", before: 3_000, after: 5_001, source_after: "ACCOUNT" }],
      moved_layers: ["ACCOUNT"],
    });
    await reader.close();
    await expect
      .poll(() => live.logged("stream ended"))
      .toMatchObject([{ transport: "rest", end: "client left" }]);
  });

  test("goes on after the `Last-Event-ID` with exactly what came since, and with nothing where nothing came", async () => {
    const live = await LiveApp.forTest();
    const first = await EventReader.open(live.origin + PATH);
    const id = (await first.event())?.id ?? "";
    await first.close();
    await live.write({ pin_timeout: 5_001 });
    await live.write({ pin_timeout: 5_002 });
    const second = await EventReader.open(live.origin + PATH, { headers: { "last-event-id": id } });
    const [one, two] = [await second.event(), await second.event()];
    expect([one, two].map((event) => JSON.parse(event?.data ?? ""))).toMatchObject([
      { snapshot: false, reset: false, changes: [{ before: 3_000, after: 5_001 }] },
      { snapshot: false, reset: false, changes: [{ before: 5_001, after: 5_002 }] },
    ]);
    await second.close();
    const last = two?.id ?? "";
    const third = await EventReader.open(live.origin + PATH, { headers: { "last-event-id": last } });
    await live.write({ pin_timeout: 5_003 });
    expect(JSON.parse((await third.event())?.data ?? "")).toMatchObject({
      snapshot: false,
      changes: [{ before: 5_002, after: 5_003 }],
    });
  });

  test("adds provenance where it is asked for", async () => {
    const live = await LiveApp.forTest();
    const reader = await EventReader.open(`${live.origin}${PATH}?provenance=true`);
    const { provenance } = JSON.parse((await reader.event())?.data ?? "");
    expect(provenance["/pin_timeout"]).toMatchObject({ source: expect.any(String) });
  });

  test.each<[string, string, Record<string, string>, number]>([
    ["an account that is not there", "/v2/accounts/nobody/configs/conferences/stream", {}, 404],
    ["a config that is not there", "/v2/accounts/acme/configs/nothing/stream", {}, 404],
    ["a `Last-Event-ID` that is no cursor", PATH, { "last-event-id": "x" }, 400],
  ])("is refused for %s, in KAZOO's envelope", async (_, path, headers, expected) => {
    const live = await LiveApp.forTest();
    const response = await fetch(live.origin + path, { headers });
    expect(response.status).toBe(expected);
    expect(await response.json()).toMatchObject({ status: "error", error: String(expected) });
  });

  test("is refused over the limit, and answers a HEAD with its head alone", async () => {
    const live = await LiveApp.forTest({ subscriptionsPerCaller: 1 });
    expect((await fetch(live.origin + PATH, { method: "HEAD" })).status).toBe(200);
    const reader = await EventReader.open(live.origin + PATH);
    expect(await reader.event()).toBeDefined();
    expect((await fetch(live.origin + PATH)).status).toBe(429);
  });

  test("ends with a hint to connect again when the server is stopped", async () => {
    const live = await LiveApp.forTest();
    const reader = await EventReader.open(live.origin + PATH);
    await reader.event();
    const closing = live.app.app.close();
    expect(await reader.block()).toEqual({ retry: expect.stringMatching(/^\d+$/) });
    expect(await reader.block()).toBeUndefined();
    await closing;
  });
});
