import type { IncomingHttpHeaders } from "node:http";

type Params = Readonly<Record<string, unknown>>;

/**
 * The headers that say who is calling over a WebSocket: those of its upgrade, and what the client has sent in `connection_init`, for a page
 * can send no header. There it is `Authorization` or `X-Auth-Token`, as in a header, or `token`. Two tokens that differ are refused, as
 * in two headers.
 */
export function headersOfSocket(upgrade: IncomingHttpHeaders, params: Params = {}): IncomingHttpHeaders {
  const given = new Map(Object.entries(params).map(([name, value]) => [name.toLowerCase(), value]));
  const text = (name: string): string | undefined => {
    const value = given.get(name);
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const token = text("token")?.replace(/^Bearer +/i, "");
  const tokens = [
    bearer(upgrade.authorization),
    upgrade["x-auth-token"],
    bearer(text("authorization")),
    text("x-auth-token"),
    token,
  ];
  const [first, second] = new Set(tokens.filter((each) => each !== undefined && each !== ""));
  const { authorization: _, "x-auth-token": __, ...others } = upgrade;
  if (first === undefined) return others;
  return { ...others, "x-auth-token": first, authorization: `Bearer ${second ?? first}` };
}

function bearer(authorization: string | undefined): string | undefined {
  return /^Bearer +(.+)/i.exec(authorization ?? "")?.[1];
}
