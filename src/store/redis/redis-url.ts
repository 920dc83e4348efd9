/** Which Redis, as a URL says it. */
export interface RedisTarget {
  readonly mode: "single" | "sentinel" | "cluster";
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly isEncrypted: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  /** How the Sentinels call the primary; undefined in the other modes. */
  readonly primaryName: string | undefined;
}

const PORTS = { single: 6379, sentinel: 26_379, cluster: 6379 };
const MODES: ReadonlyMap<string, RedisTarget["mode"]> = new Map([
  ["redis", "single"],
  ["redis+sentinel", "sentinel"],
  ["redis+cluster", "cluster"],
]);
const SHAPE =
  /^(?<scheme>rediss?(?:\+sentinel|\+cluster)?):\/\/(?:(?<credentials>[^@/]*)@)?(?<nodes>[^/?#@]+)(?:\/(?<path>[^?#]*))?$/;

/**
 * Reads `redis://`, `rediss://` (TLS), `redis+sentinel://h1,h2,h3/<name>[/<database>]` and `redis+cluster://h1,h2,h3`,
 * each with `user:password@` where needed; a part with special characters is percent-encoded.
 * @throws Error saying what is wrong, without the credentials
 */
export function parseRedisUrl(url: string): RedisTarget {
  const groups = SHAPE.exec(url)?.groups;
  if (groups === undefined)
    throw new Error(
      "is not of the form redis://[user:password@]host[:port][/database] (rediss:// for TLS; special characters in user " +
        "and password percent-encoded)",
    );
  const { scheme = "", credentials = "", nodes = "", path = "" } = groups;
  const mode = MODES.get(scheme.replace("rediss", "redis")) ?? "single";
  const [username, password] = readCredentials(credentials);
  const steps = path === "" ? [] : path.split("/");
  const primaryName = mode === "sentinel" ? steps.shift() : undefined;
  if (mode === "sentinel" && !primaryName)
    throw new Error("lacks the name of the primary: redis+sentinel://host1,host2,host3/<name>");
  const database = readDatabase(steps);
  if (mode === "cluster" && database !== 0) throw new Error("names a database: a Redis Cluster has only 0");
  return {
    mode,
    nodes: nodes.split(",").map((node) => readNode(node, PORTS[mode])),
    isEncrypted: scheme.startsWith("rediss"),
    username,
    password,
    database,
    primaryName,
  };
}

/** The same for people to read, without user and password. */
export function describeRedis({ mode, nodes, isEncrypted, database, primaryName }: RedisTarget): string {
  const scheme = `${isEncrypted ? "rediss" : "redis"}${mode === "single" ? "" : `+${mode}`}`;
  const hosts = nodes.map(({ host, port }) => `${host.includes(":") ? `[${host}]` : host}:${port}`);
  const path = [primaryName, database === 0 ? undefined : database].filter((step) => step !== undefined);
  return `${scheme}://${[hosts.join(","), ...path].join("/")}`;
}

/** How messages call the store that is one cell of a Redis. */
export function describeCell({
  target,
  cell,
}: {
  readonly target: RedisTarget;
  readonly cell: string;
}): string {
  return `${describeRedis(target)}, cell ${cell},`;
}

function readCredentials(text: string): [username: string | undefined, password: string | undefined] {
  if (text === "") return [undefined, undefined];
  const colon = text.indexOf(":");
  const username = decode(colon < 0 ? text : text.slice(0, colon));
  return [username === "" ? undefined : username, colon < 0 ? undefined : decode(text.slice(colon + 1))];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error("has a % in user or password that is not followed by two hexadecimal digits: write %25");
  }
}

function readNode(text: string, defaultPort: number): { host: string; port: number } {
  const match = /^(?:\[(?<ipv6>[0-9A-Fa-f:.]+)\]|(?<name>[A-Za-z0-9._-]+))(?::(?<port>\d{1,5}))?$/.exec(
    text.trim(),
  );
  const host = match?.groups?.ipv6 ?? match?.groups?.name;
  const port = Number(match?.groups?.port ?? defaultPort);
  if (host === undefined || port < 1 || port > 65_535)
    throw new Error("has a host that cannot be read: host[:port]");
  return { host, port };
}

function readDatabase(steps: readonly string[]): number {
  const [text = "0", ...rest] = steps;
  if (rest.length > 0 || !/^\d{0,5}$/.test(text))
    throw new Error("has a path that is not the number of a database");
  return Number(text);
}
