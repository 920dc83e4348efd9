import type { Plugin } from "ajv";
import { Ajv } from "ajv";
import formatsModule, { type FormatsPluginOptions } from "ajv-formats";
import { isRegularExpression } from "./pattern/pattern.js";

/** A `format` that is asserted. */
export interface Format {
  readonly of: "string" | "number";
  accepts(value: never): boolean;
}

// A CommonJS package: the plugin is the namespace's `default`.
const addFormats = formatsModule.default as Plugin<FormatsPluginOptions>;

/** Formats that ajv-formats has none for, takes too much or too little for, or takes too long for. */
const OWN: Readonly<Record<string, (text: string) => boolean>> = {
  regex: isRegularExpression,
  // The pattern of ajv-formats takes a time that grows with the square of the text.
  url: (text) => /^(?:https?|ftp):\/\/\S+$/i.test(text) && URL.canParse(text),
  email: isEmail,
  "date-time": isDateTime,
  time: isTime,
  uuid: (text) => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text),
  hostname: isHostname,
};

/** The formats that are asserted, by name. */
export function createFormats(): ReadonlyMap<string, Format> {
  const ajv = new Ajv({ strict: false, logger: false });
  addFormats(ajv);
  const formats = new Map<string, Format>();
  for (const [name, format] of Object.entries(ajv.formats)) {
    const made = formatOf(format);
    if (made !== undefined) formats.set(name, made);
  }
  for (const [name, accepts] of Object.entries(OWN)) formats.set(name, { of: "string", accepts });
  return formats;
}

function formatOf(format: Ajv["formats"][string]): Format | undefined {
  if (format === undefined) return undefined;
  if (format instanceof RegExp) return { of: "string", accepts: (text: string) => format.test(text) };
  if (typeof format === "function") return { of: "string", accepts: (text: string) => format(text) === true };
  // `password` and `binary` say nothing about the text.
  if (typeof format !== "object") return { of: "string", accepts: () => true };
  const { type = "string", validate } = format as { type?: "string" | "number"; validate: unknown };
  if (validate instanceof RegExp) return { of: type, accepts: (text: string) => validate.test(text) };
  return typeof validate === "function"
    ? { of: type, accepts: (value: never) => (validate as (value: never) => unknown)(value) === true }
    : undefined;
}

const DATE_TIME = /^(\d{4}-\d\d-\d\d)[Tt](.*)$/s;
const TIME = /^(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** RFC 3339, 5.6: with a `T` between date and time. */
function isDateTime(text: string): boolean {
  const [, date = "", time = ""] = DATE_TIME.exec(text) ?? [];
  return isDate(date) && isTime(time);
}

function isDate(text: string): boolean {
  const [year = 0, month = 0, day = 0] = text.split("-").map(Number);
  if (month < 1 || month > 12 || day < 1 || day > (DAYS[month - 1] ?? 0)) return false;
  return month !== 2 || day < 29 || (year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0));
}

/** A leap second is one only at the end of a day, by UTC. */
function isTime(text: string): boolean {
  const [matched, hour, minute, second, sign, offsetHour = "0", offsetMinute = "0"] = TIME.exec(text) ?? [];
  if (matched === undefined) return false;
  const [hours, minutes, seconds] = [Number(hour), Number(minute), Number(second)];
  if (hours > 23 || minutes > 59 || seconds > 60) return false;
  if (Number(offsetHour) > 23 || Number(offsetMinute) > 59) return false;
  const offset = (sign === "-" ? -1 : 1) * (Number(offsetHour) * 60 + Number(offsetMinute));
  const utc = (hours * 60 + minutes - offset + 2 * 24 * 60) % (24 * 60);
  return seconds < 60 || utc === 24 * 60 - 1;
}

const ATOM = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/i;
const QUOTED = /^"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*"$/;

/** RFC 5321, 4.1.2: the domain may be one label, or an address in brackets. */
function isEmail(text: string): boolean {
  const at = text.lastIndexOf("@");
  const [local, domain] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 1 || !(ATOM.test(local) || QUOTED.test(local))) return false;
  if (!domain.startsWith("[")) return isHostname(domain) && !domain.endsWith(".");
  const literal = /^\[(?:(IPv6:)([0-9a-f:.]+)|([0-9.]+))\]$/i.exec(domain);
  if (literal === null) return false;
  const [, isSix, six = "", four = ""] = literal;
  return isSix === undefined ? isAddress(`http://${four}/`, four) : URL.canParse(`http://[${six}]/`);
}

/** `URL` writes an IPv4 address as four decimals; what it has to change was none. */
function isAddress(url: string, address: string): boolean {
  return URL.canParse(url) && new URL(url).hostname === address;
}

/** RFC 1123: letters, digits and hyphens, labels of 1 to 63, 253 in all. */
function isHostname(text: string): boolean {
  if (text.length > 253 || text === "") return false;
  return text.split(".").every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(label));
}
