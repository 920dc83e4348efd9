import { Field, InputType } from "type-graphql";
import { StrataError } from "../../../domain/errors.js";
import type { RequestedIntent, WriteRequest } from "../../../service/write/config-write.js";
import {
  ConstrainConfigInput,
  ConstrainSystemConfigInput,
  constrainIntent,
  PatchConfigInput,
  PatchSystemConfigInput,
  patchIntent,
  ResetConfigInput,
  ResetSystemConfigInput,
  RestoreConfigInput,
  RestoreSystemConfigInput,
  resetIntent,
  restoreIntent,
  SetConfigInput,
  SetSystemConfigInput,
  setIntent,
  writeRequest,
} from "./write-config.input.js";

const of = (mutation: string) => `What \`${mutation}\` takes.`;

@InputType({
  description: "One write of a config, as the mutation of that name takes it: exactly one of these.",
})
export class ConfigWriteInput {
  @Field(() => SetConfigInput, { nullable: true, description: of("setConfig") })
  setConfig?: SetConfigInput | null;

  @Field(() => PatchConfigInput, { nullable: true, description: of("patchConfig") })
  patchConfig?: PatchConfigInput | null;

  @Field(() => ResetConfigInput, { nullable: true, description: of("resetConfig") })
  resetConfig?: ResetConfigInput | null;

  @Field(() => RestoreConfigInput, { nullable: true, description: of("restoreConfig") })
  restoreConfig?: RestoreConfigInput | null;

  @Field(() => ConstrainConfigInput, { nullable: true, description: of("constrainConfig") })
  constrainConfig?: ConstrainConfigInput | null;

  @Field(() => SetSystemConfigInput, { nullable: true, description: of("setSystemConfig") })
  setSystemConfig?: SetSystemConfigInput | null;

  @Field(() => PatchSystemConfigInput, { nullable: true, description: of("patchSystemConfig") })
  patchSystemConfig?: PatchSystemConfigInput | null;

  @Field(() => ResetSystemConfigInput, { nullable: true, description: of("resetSystemConfig") })
  resetSystemConfig?: ResetSystemConfigInput | null;

  @Field(() => RestoreSystemConfigInput, { nullable: true, description: of("restoreSystemConfig") })
  restoreSystemConfig?: RestoreSystemConfigInput | null;

  @Field(() => ConstrainSystemConfigInput, { nullable: true, description: of("constrainSystemConfig") })
  constrainSystemConfig?: ConstrainSystemConfigInput | null;
}

/**
 * The one write that is asked about.
 * @throws StrataError BAD_USER_INPUT for none, for several, and for one that expects an impact
 */
export function askedWrite(write: ConfigWriteInput): WriteRequest {
  const [only, ...others] = givenIn(write);
  if (only === undefined || others.length > 0) {
    const found = only === undefined ? "none" : [only, ...others].map(({ name }) => name).join(" and ");
    const message = `Give exactly one write: here is ${found}.`;
    throw new StrataError("BAD_USER_INPUT", message, { pointer: "/write" });
  }
  if (only.input.expectImpact != null)
    throw new StrataError(
      "BAD_USER_INPUT",
      "Nothing is written here, so no impact can be expected: leave expectImpact out, and hand the digest to the mutation.",
      { pointer: `/write/${only.name}/expectImpact` },
    );
  return writeRequest(only.input, only.intent);
}

type WriteInput = Parameters<typeof writeRequest>[0];

interface GivenWrite {
  readonly name: keyof ConfigWriteInput;
  readonly input: WriteInput;
  readonly intent: RequestedIntent;
}

function givenIn(write: ConfigWriteInput): GivenWrite[] {
  const given: GivenWrite[] = [];
  const add = <Input extends WriteInput>(
    name: keyof ConfigWriteInput,
    input: Input | null | undefined,
    intentOf: (input: Input) => RequestedIntent,
  ): void => {
    if (input != null) given.push({ name, input, intent: intentOf(input) });
  };
  add("setConfig", write.setConfig, setIntent);
  add("patchConfig", write.patchConfig, patchIntent);
  add("resetConfig", write.resetConfig, resetIntent);
  add("restoreConfig", write.restoreConfig, restoreIntent);
  add("constrainConfig", write.constrainConfig, constrainIntent);
  add("setSystemConfig", write.setSystemConfig, setIntent);
  add("patchSystemConfig", write.patchSystemConfig, patchIntent);
  add("resetSystemConfig", write.resetSystemConfig, resetIntent);
  add("restoreSystemConfig", write.restoreSystemConfig, restoreIntent);
  add("constrainSystemConfig", write.constrainSystemConfig, constrainIntent);
  return given;
}
