import { Field, ID, InputType, Int } from "type-graphql";
import type { JsonObject } from "../../../domain/json/json.js";
import type { Constraint, ConstraintKind } from "../../../domain/merge/constraint.js";
import type { ConfigTarget } from "../../../service/config-catalog.js";
import { positionIn } from "../../../service/store-cursor.js";
import type { RequestedIntent, WriteRequest } from "../../../service/write/config-write.js";
import { NOTE } from "../note.js";
import { JsonObjectScalar, JsonPointerScalar } from "../scalars.js";
import { ConstraintKindEnum } from "../type/config-layer.type.js";
import { OPERATION_ID } from "./operation-id.js";

const ACCOUNT_ID = "Whose config.";
const CONFIG_ID = "Which config, e.g. `conferences`.";
const VALUES =
  "What is to be in force: all of it. What equals the inherited value is not stored; what is not given, or null, is inherited.";
const PATCH =
  "RFC 7396, over the document's own overrides: every value named is in force afterwards, null drops the override there and below, nothing else is touched.";
const POINTERS =
  "Drop only the overrides at or under these; absent or null: all of them. An empty list drops nothing.";
const EXPECT_IMPACT =
  "The `digest` of the impact that you agreed to, of a dry run: the write is made only if the same happens to the same accounts still, which is checked in the same step. Else ConfigConflict says what would happen now.";
const BASE =
  "The `cursor` of the config you decided on. The write is decided on what is there now; a field that it would overwrite and that others have changed since is a conflict: then nothing is written, and ConfigConflict lists all of them. Edits of different fields both succeed. REVISION_NOT_FOUND where that state cannot be told any more.";
const PIN =
  "Afterwards the document has, and keeps, the values in force at and under these pointers, equal to what is inherited or not. A pin goes when its override goes. BAD_USER_INPUT for a pointer where nothing is in force.";
const SET_CONSTRAINTS =
  "Constraints to put, one for each pointer; the one that was there is replaced. A document has at most 200 (BAD_USER_INPUT, limit `constraints`).";
const REMOVE_CONSTRAINTS =
  "Pointers whose constraints go, before others are put; where there is none nothing happens.";
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

  @Field(() => String, { nullable: true, description: EXPECT_IMPACT })
  expectImpact?: string | null;

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

@InputType()
abstract class AccountEdit extends AccountWrite {
  @Field(() => String, { nullable: true, description: BASE })
  base?: string | null;
}

@InputType()
abstract class SystemEdit extends SystemWrite {
  @Field(() => String, { nullable: true, description: BASE })
  base?: string | null;
}

@InputType({ description: "Replaces every override of an account's config." })
export class SetConfigInput extends AccountEdit {
  @Field(() => JsonObjectScalar, { description: VALUES })
  values!: JsonObject;

  @Field(() => [JsonPointerScalar], { nullable: true, description: PIN })
  pin?: string[] | null;
}

@InputType({ description: "Changes some overrides of an account's config." })
export class PatchConfigInput extends AccountEdit {
  @Field(() => JsonObjectScalar, { description: PATCH })
  patch!: JsonObject;

  @Field(() => [JsonPointerScalar], { nullable: true, description: PIN })
  pin?: string[] | null;
}

@InputType({ description: "Drops overrides of an account's config: all, or some." })
export class ResetConfigInput extends AccountEdit {
  @Field(() => [JsonPointerScalar], { nullable: true, description: POINTERS })
  pointers?: string[] | null;
}

@InputType({ description: "Puts an account's config back as it was at a revision." })
export class RestoreConfigInput extends AccountWrite {
  @Field(() => Int, { description: REVISION })
  revision!: number;
}

@InputType({
  description: "One thing that a document says to the layers above it.",
})
export class ConstraintInput {
  @Field(() => JsonPointerScalar, { description: 'Where; `""` is the whole config.' })
  pointer!: string;

  @Field(() => ConstraintKindEnum, { description: "LOCK or BOUNDS." })
  kind!: ConstraintKind;

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description:
      "Of BOUNDS, and of them alone: the JSON Schema that accepts what may be said there, as far as one layer says it. At most 4 KiB (BAD_USER_INPUT, limit `constraintSchema`), without `$ref`.",
  })
  schema?: JsonObject | null;

  @Field(() => String, {
    description: "Why, for whoever meets it; at most 500 characters. Everybody who is bound can read it.",
  })
  reason!: string;
}

@InputType({ description: "Changes what an account's document says to the accounts whose reseller it is." })
export class ConstrainConfigInput extends AccountWrite {
  @Field(() => [ConstraintInput], { nullable: true, description: SET_CONSTRAINTS })
  set?: ConstraintInput[] | null;

  @Field(() => [JsonPointerScalar], { nullable: true, description: REMOVE_CONSTRAINTS })
  remove?: string[] | null;
}

@InputType({ description: "Changes what the system layer's document says to all accounts." })
export class ConstrainSystemConfigInput extends SystemWrite {
  @Field(() => [ConstraintInput], { nullable: true, description: SET_CONSTRAINTS })
  set?: ConstraintInput[] | null;

  @Field(() => [JsonPointerScalar], { nullable: true, description: REMOVE_CONSTRAINTS })
  remove?: string[] | null;
}

@InputType({ description: "Replaces every override of the system layer's config." })
export class SetSystemConfigInput extends SystemEdit {
  @Field(() => JsonObjectScalar, { description: VALUES })
  values!: JsonObject;

  @Field(() => [JsonPointerScalar], { nullable: true, description: PIN })
  pin?: string[] | null;
}

@InputType({ description: "Changes some overrides of the system layer's config." })
export class PatchSystemConfigInput extends SystemEdit {
  @Field(() => JsonObjectScalar, { description: PATCH })
  patch!: JsonObject;

  @Field(() => [JsonPointerScalar], { nullable: true, description: PIN })
  pin?: string[] | null;
}

@InputType({ description: "Drops overrides of the system layer's config: all, or some." })
export class ResetSystemConfigInput extends SystemEdit {
  @Field(() => [JsonPointerScalar], { nullable: true, description: POINTERS })
  pointers?: string[] | null;
}

@InputType({ description: "Puts the system layer's config back as it was at a revision." })
export class RestoreSystemConfigInput extends SystemWrite {
  @Field(() => Int, { description: REVISION })
  revision!: number;
}

interface Pinning {
  pin?: string[] | null;
}

export function setIntent({ values, pin }: Pinning & { values: JsonObject }): RequestedIntent {
  return { kind: "SET", values, pin: pin ?? undefined };
}

export function patchIntent({ patch, pin }: Pinning & { patch: JsonObject }): RequestedIntent {
  return { kind: "PATCH", patch, pin: pin ?? undefined };
}

export function constrainIntent({
  set,
  remove,
}: {
  set?: ConstraintInput[] | null;
  remove?: string[] | null;
}): RequestedIntent {
  const constraints = set?.map(({ pointer, kind, schema, reason }): Constraint => {
    return { pointer, kind, ...(schema && { schema }), reason };
  });
  return { kind: "CONSTRAIN", set: constraints ?? [], remove: remove ?? [] };
}

export function resetIntent({ pointers }: { pointers?: string[] | null }): RequestedIntent {
  return { kind: "RESET", pointers: pointers ?? undefined };
}

export function restoreIntent({ revision }: { revision: number }): RequestedIntent {
  return { kind: "RESTORE", revision };
}

/** An input names an account, or (the system inputs) none. */
export function writeRequest(
  input: WriteOptions & { accountId?: string; configId: string; base?: string | null },
  intent: RequestedIntent,
): WriteRequest {
  const target: ConfigTarget = { accountId: input.accountId, configId: input.configId };
  const { ifMatch, base, expectImpact, dryRun, note, operationId } = input;
  return {
    target,
    intent,
    ifMatch: ifMatch ?? undefined,
    base: base == null ? undefined : positionIn(base, "/base"),
    expectImpact: expectImpact ?? undefined,
    dryRun,
    note: note ?? undefined,
    operationId: operationId ?? undefined,
  };
}
