import { Field, ID, InputType, Int } from "type-graphql";
import type { JsonObject } from "../../../domain/json.js";
import type { ConfigTarget } from "../../../service/config-catalog.js";
import type { RequestedIntent, WriteRequest } from "../../../service/write/config-write.js";
import { NOTE } from "../note.js";
import { JsonObjectScalar, JsonPointerScalar } from "../scalars.js";
import { OPERATION_ID } from "./operation-id.js";

const ACCOUNT_ID = "Whose config.";
const CONFIG_ID = "Which config, e.g. `conferences`.";
const VALUES =
  "What is to be in force: all of it. What equals the inherited value is not stored; what is not given, or null, is inherited.";
const PATCH =
  "RFC 7396, over the document's own overrides: every value named is in force afterwards, null drops the override there and below, nothing else is touched.";
const POINTERS =
  "Drop only the overrides at or under these; absent or null: all of them. An empty list drops nothing.";
const REVISION =
  "Which one, as `history` has it. Its document is put back as it was, equal to what is inherited or not; where it was removed then, it is removed.";

@InputType()
abstract class WriteOptions {
  @Field(() => String, {
    nullable: true,
    description:
      "The etag of the config you decided on: when it is another by now, nothing is written and ConfigConflict says what it is.",
  })
  ifMatch?: string | null;

  @Field(() => Boolean, { defaultValue: false, description: "Answer what would happen, and write nothing." })
  dryRun!: boolean;

  @Field(() => String, { nullable: true, description: NOTE })
  note?: string | null;

  @Field(() => ID, { nullable: true, description: OPERATION_ID })
  operationId?: string | null;
}

@InputType()
abstract class AccountWrite extends WriteOptions {
  @Field(() => ID, { description: ACCOUNT_ID })
  accountId!: string;

  @Field(() => ID, { defaultValue: "default", description: CONFIG_ID })
  configId!: string;
}

@InputType()
abstract class SystemWrite extends WriteOptions {
  @Field(() => ID, { description: CONFIG_ID })
  configId!: string;
}

@InputType({ description: "Replaces every override of an account's config." })
export class SetConfigInput extends AccountWrite {
  @Field(() => JsonObjectScalar, { description: VALUES })
  values!: JsonObject;
}

@InputType({ description: "Changes some overrides of an account's config." })
export class PatchConfigInput extends AccountWrite {
  @Field(() => JsonObjectScalar, { description: PATCH })
  patch!: JsonObject;
}

@InputType({ description: "Drops overrides of an account's config: all, or some." })
export class ResetConfigInput extends AccountWrite {
  @Field(() => [JsonPointerScalar], { nullable: true, description: POINTERS })
  pointers?: string[] | null;
}

@InputType({ description: "Puts an account's config back as it was at a revision." })
export class RestoreConfigInput extends AccountWrite {
  @Field(() => Int, { description: REVISION })
  revision!: number;
}

@InputType({ description: "Replaces every override of the system layer's config." })
export class SetSystemConfigInput extends SystemWrite {
  @Field(() => JsonObjectScalar, { description: VALUES })
  values!: JsonObject;
}

@InputType({ description: "Changes some overrides of the system layer's config." })
export class PatchSystemConfigInput extends SystemWrite {
  @Field(() => JsonObjectScalar, { description: PATCH })
  patch!: JsonObject;
}

@InputType({ description: "Drops overrides of the system layer's config: all, or some." })
export class ResetSystemConfigInput extends SystemWrite {
  @Field(() => [JsonPointerScalar], { nullable: true, description: POINTERS })
  pointers?: string[] | null;
}

@InputType({ description: "Puts the system layer's config back as it was at a revision." })
export class RestoreSystemConfigInput extends SystemWrite {
  @Field(() => Int, { description: REVISION })
  revision!: number;
}

export function setIntent({ values }: { values: JsonObject }): RequestedIntent {
  return { kind: "SET", values };
}

export function patchIntent({ patch }: { patch: JsonObject }): RequestedIntent {
  return { kind: "PATCH", patch };
}

export function resetIntent({ pointers }: { pointers?: string[] | null }): RequestedIntent {
  return { kind: "RESET", pointers: pointers ?? undefined };
}

export function restoreIntent({ revision }: { revision: number }): RequestedIntent {
  return { kind: "RESTORE", revision };
}

/** An input names an account, or (the system inputs) none. */
export function writeRequest(
  input: WriteOptions & { accountId?: string; configId: string },
  intent: RequestedIntent,
): WriteRequest {
  const target: ConfigTarget = { accountId: input.accountId, configId: input.configId };
  const { ifMatch, dryRun, note, operationId } = input;
  return {
    target,
    intent,
    ifMatch: ifMatch ?? undefined,
    dryRun,
    note: note ?? undefined,
    operationId: operationId ?? undefined,
  };
}
