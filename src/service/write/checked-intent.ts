import { StrataError } from "../../domain/errors.js";
import { checkJson, isObject } from "../../domain/json/json.js";
import { pieceByPiece } from "../yield-to-event-loop.js";
import type { RequestedIntent } from "./config-write.js";
import { checkedConstraints } from "./constrain-intent.js";

/** What can be said of an intent without the store. @throws StrataError BAD_USER_INPUT */
export async function checkedIntent(intent: RequestedIntent): Promise<RequestedIntent> {
  if (intent.kind === "RESET" || intent.kind === "RESTORE") return intent;
  if (intent.kind === "CONSTRAIN") return pieceByPiece(checkedConstraints(intent));
  const given = checkJson(intent.kind === "SET" ? intent.values : intent.patch);
  if (!isObject(given))
    throw new StrataError("BAD_USER_INPUT", "A config is a JSON object.", { pointer: "" });
  return intent;
}
