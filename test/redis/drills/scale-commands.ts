import type { RedisServer } from "../redis-server.js";

/** How often a server ran each command while the work was done, those inside functions too. */
export async function commandsDuring(
  server: RedisServer,
  work: () => Promise<unknown>,
): Promise<ReadonlyMap<string, number>> {
  await server.command("CONFIG", "RESETSTAT");
  await work();
  const info = String(await server.command("INFO", "commandstats"));
  const lines = [...info.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)];
  const commands = lines.map(([, name = "", calls]): [string, number] => [name, Number(calls)]);
  // Its own.
  return new Map(commands.filter(([name]) => name !== "config|resetstat"));
}
