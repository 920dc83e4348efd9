import { Field, ID, InputType } from "type-graphql";
import type { AccountUpdate } from "../../../service/account-service.js";
import { NOTE } from "../note.js";
import { OPERATION_ID } from "./operation-id.js";

@InputType({ description: "A new account." })
export class CreateAccountInput {
  @Field(() => ID, {
    nullable: true,
    description: 'Its id: 1 to 64 letters, digits, "_", "." or "-". Null: one is made.',
  })
  id?: string | null;

  @Field(() => String, { description: "What people call it; at most 256 characters." })
  name!: string;

  @Field(() => ID, {
    nullable: true,
    description: "The account it hangs under. Null: it is the root, of which there is one.",
  })
  parentId?: string | null;

  @Field(() => Boolean, {
    defaultValue: false,
    description:
      "Whether accounts below it take it as their RESELLER layer. True is for the account's own reseller, or an account above that one.",
  })
  isReseller!: boolean;

  @Field(() => String, { nullable: true, description: NOTE })
  note?: string | null;

  @Field(() => ID, { nullable: true, description: OPERATION_ID })
  operationId?: string | null;
}

@InputType({ description: "Changes of an account; null: unchanged." })
export class UpdateAccountInput {
  @Field(() => ID, { description: "Which account." })
  id!: string;

  @Field(() => String, { nullable: true, description: "What people call it; at most 256 characters." })
  name?: string | null;

  @Field(() => ID, {
    nullable: true,
    description:
      "The account it is to hang under, with all that is below it. Never given for your own account.",
  })
  parentId?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description:
      "Whether accounts below it take it as their RESELLER layer. A change is for the account's own reseller, or an account above that one.",
  })
  isReseller?: boolean | null;

  @Field(() => Boolean, { defaultValue: false, description: "Answer what would happen, and write nothing." })
  dryRun!: boolean;

  @Field(() => String, { nullable: true, description: NOTE })
  note?: string | null;

  @Field(() => ID, { nullable: true, description: OPERATION_ID })
  operationId?: string | null;
}

export function accountUpdate(input: UpdateAccountInput): AccountUpdate {
  const { id, name, parentId, isReseller, dryRun, note, operationId } = input;
  return {
    id,
    name: name ?? undefined,
    parentId: parentId ?? undefined,
    isReseller: isReseller ?? undefined,
    dryRun,
    note: note ?? undefined,
    operationId: operationId ?? undefined,
  };
}

@InputType({ description: "The end of an account." })
export class DeleteAccountInput {
  @Field(() => ID, { description: "Which account." })
  id!: string;

  @Field(() => String, { nullable: true, description: NOTE })
  note?: string | null;

  @Field(() => ID, { nullable: true, description: OPERATION_ID })
  operationId?: string | null;
}
