import { randomBytes } from "node:crypto";
import { type RedisCommand, type RedisConnection, RedisRefusal } from "./redis-connection.js";
import { FUNCTION_LIBRARY } from "./redis-functions.js";

/** Runs a command, having loaded the functions where the server has none of this release. */
export async function callFunction(
  connection: RedisConnection,
  command: RedisCommand,
  deadline?: number,
): Promise<unknown> {
  try {
    return await connection.call(command, deadline);
  } catch (error) {
    if (!isFunctionMissing(error)) throw error;
    await loadFunctions(connection);
    return connection.call(command, deadline);
  }
}

/** As `callFunction`, for many at once. */
export async function sendFunctions(
  connection: RedisConnection,
  commands: readonly RedisCommand[],
  deadline?: number,
): Promise<unknown[]> {
  const answers = await connection.send(commands, deadline);
  if (!answers.some(isFunctionMissing)) return answers;
  await loadFunctions(connection);
  // Commands of the first round may run twice: operation ids make that harmless.
  return connection.send(commands, deadline);
}

async function loadFunctions(connection: RedisConnection): Promise<void> {
  const [answer] = await connection.sendToPrimary([["FUNCTION", "LOAD", FUNCTION_LIBRARY]]);
  // Another gateway may have been faster.
  if (answer instanceof Error && !/already exists/.test(answer.message)) throw answer;
}

function isFunctionMissing(error: unknown): boolean {
  return error instanceof RedisRefusal && error.message.startsWith("ERR Function not found");
}

/** A unique text that cannot be guessed. */
export function makeNonce(): string {
  return randomBytes(12).toString("base64url");
}
