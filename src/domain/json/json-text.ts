import type { Json } from "./json.js";

/**
 * Parses JSON of which nothing may be quoted: the parser's own message shows a part of the text, and that may be a
 * secret in the wrong file.
 * @throws Error saying where the text is no JSON, as far as the parser tells
 */
export function parseJsonText(text: string): Json {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`it is not JSON${placeIn(text, error as Error)}`);
  }
}

function placeIn(text: string, { message }: Error): string {
  if (text.trim() === "") return ": it is empty";
  if (/end of JSON input/.test(message)) return ": it ends too early";
  const position = / at position (\d{1,10})/.exec(message)?.[1];
  if (position === undefined) return "";
  const lines = text.slice(0, Number(position)).split("\n");
  return `: line ${lines.length}, column ${(lines.at(-1) ?? "").length + 1}`;
}
