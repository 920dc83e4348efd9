import { StrataError } from "../domain/errors.js";

/**
 * What a log line says of an error: its name, its code and where it was thrown, with that of its causes. Its message
 * only where it is known to hold no values: ours, and those that the system and the database number. Nobody knows what
 * another one quotes, and logs travel further than answers.
 */
export function loggedError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error };
  const { name, message, code, errno, stack = "", cause } = error as NodeJS.ErrnoException;
  // The message is in the stack, too, and may have lines that look like frames.
  const trace = stack.slice(Math.max(0, stack.indexOf(message)) + message.length);
  const frames = trace.split("\n").filter((line) => /^ {4}at .+:\d+:\d+\)?$/.test(line));
  const isNumbered = typeof errno === "number" || typeof code === "number";
  return {
    name,
    ...(code !== undefined && { code }),
    ...((error instanceof StrataError || isNumbered) && { message }),
    frames: frames.map((line) => line.trim()),
    ...(cause !== undefined && { cause: loggedError(cause) }),
  };
}
