import { type GraphQLLeafType, isEnumType } from "graphql";
import type { RequestContext } from "../../api/context.js";
import { fail, type Room, type WriteValue } from "./plain-code.js";

/** JSON text, there already or on its way. */
export type Text = string | Promise<string>;

export interface Execution {
  readonly context: RequestContext;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly room: Room;
}

export type Complete = (value: unknown, execution: Execution) => Text;

export interface PlannedField {
  /** The text before its value: a comma unless it is the first, its name, a colon. */
  readonly head: string;
  readonly read: (source: unknown, execution: Execution) => unknown;
  readonly complete: Complete;
}

export function writeObject(fields: readonly PlannedField[], source: unknown, execution: Execution): Text {
  return put("{", "}", execution, (pieces) => {
    for (const { head, read, complete } of fields) pieces.add(head, read(source, execution), complete);
  });
}

export function writeList(complete: Complete, items: unknown, execution: Execution): Text {
  if (!Array.isArray(items)) return fail("not a list");
  return put("[", "]", execution, (pieces) => {
    for (let at = 0; at < items.length; at++) pieces.add(at === 0 ? "" : ",", items[at], complete);
  });
}

function put(start: string, end: string, execution: Execution, fill: (pieces: Pieces) => void): Text {
  const pieces = new Pieces(start, execution);
  try {
    fill(pieces);
    return pieces.text(end);
  } catch (error) {
    pieces.abandon();
    throw error;
  }
}

/** Text that is put together in order, though some of it comes later. */
class Pieces {
  #earlier: Text[] | undefined;
  #text: string;

  constructor(
    start: string,
    private readonly execution: Execution,
  ) {
    this.#text = start;
  }

  add(head: string, value: unknown, complete: Complete): void {
    const text = isPromise(value)
      ? value.then((found) => complete(found, this.execution))
      : complete(value, this.execution);
    if (typeof text === "string") {
      this.#text += head + text;
      return;
    }
    this.#earlier ??= [];
    this.#earlier.push(this.#text + head, text);
    this.#text = "";
  }

  text(end: string): Text {
    const last = this.#text + end;
    return this.#earlier === undefined
      ? last
      : Promise.all([...this.#earlier, last]).then((pieces) => pieces.reduce((text, piece) => text + piece));
  }

  /** Nobody waits for what is on its way any more. */
  abandon(): void {
    void Promise.allSettled(this.#earlier ?? []);
  }
}

export function leafWriter(type: GraphQLLeafType): WriteValue {
  if (isEnumType(type)) {
    const texts = new Map(type.getValues().map(({ name, value }) => [value, JSON.stringify(name)]));
    return (value) => texts.get(value) ?? fail(`not of ${type}`);
  }
  return (value, room) => {
    const text = textOf(type.serialize(value)) ?? fail(`not of ${type}`);
    room.characters -= text.length;
    // The same large value can stand in ten thousand places: it is not written down that often.
    return room.characters < 0 ? fail("too much for one turn") : text;
  };
}

/** In JSON text; and halves of characters, which alone cannot be sent. */
const NEEDS_ESCAPE = /["\\\p{Cc}\p{Cs}]/u;

/** The same text as JSON.stringify makes, which is slow for short plain values; most values are. */
function textOf(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return NEEDS_ESCAPE.test(value) ? JSON.stringify(value) : `"${value}"`;
    case "boolean":
      return value ? "true" : "false";
    case "number":
      return Number.isFinite(value) ? String(value) : undefined;
    default:
      return value === null || isPromise(value) ? undefined : JSON.stringify(value);
  }
}

function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise;
}
