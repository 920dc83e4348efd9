/** How many characters an answer may still have. */
export interface Room {
  characters: number;
}
export type WriteValue = (value: unknown, room: Room) => string;

/** Leaves the request to graphql-js, which reports the error. */
export function fail(reason: string): never {
  throw new Error(reason);
}

/** A member of an object that is written: always the same text, or that of a property. */
export type PlainMember =
  | { readonly key: string; readonly text: string }
  | { readonly key: string; readonly property: string; readonly write: string };

/**
 * Makes functions that write objects as JSON text. Code for each of them is several times as fast as one function that
 * looks up what to do: every place reads one property of one class. Nothing of a caller's becomes code but for the names
 * of fields and aliases, as literals: GraphQL allows nothing but letters, digits and `_` in them.
 */
export class PlainCode {
  readonly #lines: string[] = [];
  readonly #leaves: WriteValue[] = [];
  #count = 0;

  /** @returns the name of a function that writes an object */
  object(members: readonly PlainMember[]): string {
    const parts = members.map((member, index) => {
      const head = `${index === 0 ? "" : ","}${JSON.stringify(member.key)}:`;
      return "text" in member
        ? JSON.stringify(head + member.text)
        : `${JSON.stringify(head)} + ${member.write}(source[${JSON.stringify(member.property)}], room)`;
    });
    return this.#function("source", `return ${['"{"', ...parts, '"}"'].join(" + ")};`);
  }

  list(write: string): string {
    const body = `if (!Array.isArray(items)) throw new Error("not a list");
  let text = "[";
  for (let at = 0; at < items.length; at++) text += (at === 0 ? "" : ",") + ${write}(items[at], room);
  return text + "]";`;
    return this.#function("items", body);
  }

  leaf(write: WriteValue): string {
    return `leaves[${this.#leaves.push(write) - 1}]`;
  }

  nullable(write: string): string {
    return this.#function(
      "value",
      `return value === null || value === undefined ? "null" : ${write}(value, room);`,
    );
  }

  present(write: string): string {
    return this.#function(
      "value",
      `if (value === null || value === undefined) throw new Error("null"); return ${write}(value, room);`,
    );
  }

  /** The function of that name. */
  function(name: string): WriteValue {
    const code = `"use strict";\n${this.#lines.join("\n")}\nreturn ${name};`;
    return new Function("leaves", code)(this.#leaves) as WriteValue;
  }

  #function(parameter: string, body: string): string {
    const name = `write${this.#count++}`;
    this.#lines.push(`function ${name}(${parameter}, room) {\n  ${body}\n}`);
    return name;
  }
}
