/** The settings of a Redis server that decide whether it is safe to write to. */
export interface RedisReport {
  /** CONFIG GET, by name; undefined: the user may not ask. */
  readonly settings: ReadonlyMap<string, string> | undefined;
  /** INFO, by name. */
  readonly info: ReadonlyMap<string, string>;
}

export interface SafetyDemands {
  /** Whether a replica may be made primary without anybody asking: Sentinel, Cluster. */
  readonly replicasMayBePromoted: boolean;
  /** How many replicas each write waits for. */
  readonly waitReplicas: number;
}

export const SAFE_SETTINGS: ReadonlyMap<string, readonly [value: string, reason: string]> = new Map([
  ["appendonly", ["yes", "otherwise a restart loses everything since the last snapshot"]],
  ["appendfsync", ["always", "otherwise a power failure loses writes that were acknowledged"]],
  [
    "no-appendfsync-on-rewrite",
    ["no", "otherwise a power failure during a rewrite loses acknowledged writes"],
  ],
  ["maxmemory-policy", ["noeviction", "otherwise documents are thrown away when memory runs out"]],
]);
const OLDEST = 7;

/** Every reason why a write that Redis acknowledges could be lost, naming the setting and what it has to be. */
export function unsafeLines({ settings, info }: RedisReport, demands: SafetyDemands): string[] {
  const lines: string[] = [];
  if (settings === undefined) {
    lines.push("the settings cannot be read: allow this user CONFIG GET (ACL: +config|get)");
  } else {
    for (const [name, [value, reason]] of SAFE_SETTINGS) {
      const found = settings.get(name);
      if (found !== value) lines.push(`${name} is "${found ?? "unknown"}" and must be "${value}": ${reason}`);
    }
  }
  const replicas = Number(info.get("connected_slaves") ?? 0);
  if (demands.replicasMayBePromoted && replicas > demands.waitReplicas) {
    lines.push(
      `STRATA_REDIS_WAIT_REPLICAS is ${demands.waitReplicas} and must be ${replicas}: ` +
        `otherwise a replica that lacks acknowledged writes may become the primary`,
    );
  }
  return lines;
}

/** The fault that makes a server unfit even where unsafe ones are allowed; undefined: none. */
export function unfit({ info }: RedisReport, { waitReplicas }: SafetyDemands): string | undefined {
  const version = info.get("redis_version") ?? "";
  if (Number.parseInt(version, 10) < OLDEST)
    return `it is version ${version}; Strata needs Redis ${OLDEST}.0 or newer, or Valkey`;
  const role = info.get("role");
  if (role !== "master")
    return `it is a replica (role: ${role ?? "unknown"}), and only a primary takes writes`;
  const replicas = Number(info.get("connected_slaves") ?? 0);
  if (replicas < waitReplicas)
    return `STRATA_REDIS_WAIT_REPLICAS is ${waitReplicas} and ${replicas} replicas are connected: no write would be acknowledged`;
  return undefined;
}

export function parseInfo(text: string): ReadonlyMap<string, string> {
  const lines = text.split("\r\n").filter((line) => line.includes(":"));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]));
}

/** CONFIG GET's flat answer. */
export function parseSettings(answer: unknown): ReadonlyMap<string, string> | undefined {
  if (!Array.isArray(answer)) return undefined;
  const settings = new Map<string, string>();
  for (let n = 0; n + 1 < answer.length; n += 2) settings.set(String(answer[n]), String(answer[n + 1]));
  return settings;
}
