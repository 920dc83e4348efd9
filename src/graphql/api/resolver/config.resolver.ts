import { Arg, Args, Ctx, Mutation, Query, Resolver } from "type-graphql";
import type { RequestedIntent } from "../../../service/write/config-write.js";
import { configComplexity, writeComplexity } from "../complexity.js";
import type { RequestContext } from "../context.js";
import { AccountConfigArgs, SystemConfigArgs } from "../input/config.args.js";
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
} from "../input/write-config.input.js";
import { AS_OF_ERRORS, EffectiveConfigType, SYSTEM_AS_OF_ERRORS } from "../type/effective-config.type.js";
import { WriteConfigResult, writeResultType } from "../type/write-result.type.js";

type Written = typeof WriteConfigResult;
const INPUT = { description: "What to write, and where." };
const ERRORS =
  "Errors: UNAUTHENTICATED, FORBIDDEN, ACCOUNT_NOT_FOUND, CONFIG_NOT_FOUND, BAD_USER_INPUT (with the pointer or the limit), STORE_UNAVAILABLE (nothing was written), WRITE_OUTCOME_UNKNOWN.";
const RESTORE =
  "as it was at an earlier revision, as a new one, if today's schema allows. Where that is how it is now nothing is written.";
const RESTORE_ERRORS = "REVISION_NOT_FOUND (`extensions.oldest`: the oldest revision that is kept)";
const SYSTEM_ERRORS = ERRORS.replace("ACCOUNT_NOT_FOUND, ", "");

@Resolver()
export class ConfigResolver {
  @Query(() => EffectiveConfigType, {
    nullable: true,
    complexity: configComplexity,
    description: `What is in force for an account, and who says so. Errors: UNAUTHENTICATED, FORBIDDEN, ACCOUNT_NOT_FOUND, CONFIG_NOT_FOUND, STORE_UNAVAILABLE. ${AS_OF_ERRORS}`,
  })
  async config(
    @Args(() => AccountConfigArgs) target: AccountConfigArgs,
    @Ctx() { configs, principal, reader }: RequestContext,
  ): Promise<EffectiveConfigType> {
    return new EffectiveConfigType(await configs.effective(principal, target, reader, target.asOf));
  }

  @Query(() => EffectiveConfigType, {
    nullable: true,
    complexity: configComplexity,
    description: `What is in force system-wide: the SYSTEM and SCHEMA layers, settings that no account sees included. For superadmins. Errors: UNAUTHENTICATED, FORBIDDEN, CONFIG_NOT_FOUND, STORE_UNAVAILABLE. ${SYSTEM_AS_OF_ERRORS}`,
  })
  async systemConfig(
    @Args(() => SystemConfigArgs) { configId, asOf }: SystemConfigArgs,
    @Ctx() { configs, principal, reader }: RequestContext,
  ): Promise<EffectiveConfigType> {
    return new EffectiveConfigType(
      await configs.effective(principal, { accountId: undefined, configId }, reader, asOf),
    );
  }

  @Mutation(() => WriteConfigResult, {
    nullable: true,
    complexity: writeComplexity,
    description: `Replaces every override of an account's config: stores what differs from the inherited values. ${ERRORS}`,
  })
  setConfig(
    @Arg("input", () => SetConfigInput, INPUT) input: SetConfigInput,
    @Ctx() context: RequestContext,
  ): Promise<Written> {
    return write(context, input, setIntent(input));
  }

  @Mutation(() => WriteConfigResult, {
    nullable: true,
    complexity: writeComplexity,
    description: `Changes the overrides that the patch names, and no others. ${ERRORS}`,
  })
  patchConfig(
    @Arg("input", () => PatchConfigInput, INPUT) input: PatchConfigInput,
    @Ctx() context: RequestContext,
  ): Promise<Written> {
    return write(context, input, patchIntent(input));
  }

  @Mutation(() => WriteConfigResult, {
    nullable: true,
    complexity: writeComplexity,
    description: `Drops overrides, all or some: what is inherited is in force again. Never refused because of a schema. ${ERRORS}`,
  })
  resetConfig(
    @Arg("input", () => ResetConfigInput, INPUT) input: ResetConfigInput,
    @Ctx() context: RequestContext,
  ): Promise<Written> {
    return write(context, input, resetIntent(input));
  }

  @Mutation(() => WriteConfigResult, {
    nullable: true,
    complexity: writeComplexity,
    description: `Puts an account's document back ${RESTORE} ${ERRORS} ${RESTORE_ERRORS}.`,
  })
  restoreConfig(
    @Arg("input", () => RestoreConfigInput, INPUT) input: RestoreConfigInput,
    @Ctx() context: RequestContext,
  ): Promise<Written> {
    return write(context, input, restoreIntent(input));
  }

  @Mutation(() => WriteConfigResult, {
    nullable: true,
    complexity: writeComplexity,
    description: `Replaces every override of the system layer's config; every account that does not override them sees the new values. ${SYSTEM_ERRORS}`,
  })
  setSystemConfig(
    @Arg("input", () => SetSystemConfigInput, INPUT) input: SetSystemConfigInput,
    @Ctx() context: RequestContext,
  ): Promise<Written> {
    return write(context, input, setIntent(input));
  }

  @Mutation(() => WriteConfigResult, {
    nullable: true,
    complexity: writeComplexity,
    description: `Changes the overrides of the system layer that the patch names, and no others. ${SYSTEM_ERRORS}`,
  })
  patchSystemConfig(
    @Arg("input", () => PatchSystemConfigInput, INPUT) input: PatchSystemConfigInput,
    @Ctx() context: RequestContext,
  ): Promise<Written> {
    return write(context, input, patchIntent(input));
  }

  @Mutation(() => WriteConfigResult, {
    nullable: true,
    complexity: writeComplexity,
    description: `Drops overrides of the system layer, all or some: the schema's defaults are in force again. ${SYSTEM_ERRORS}`,
  })
  resetSystemConfig(
    @Arg("input", () => ResetSystemConfigInput, INPUT) input: ResetSystemConfigInput,
    @Ctx() context: RequestContext,
  ): Promise<Written> {
    return write(context, input, resetIntent(input));
  }

  @Mutation(() => WriteConfigResult, {
    nullable: true,
    complexity: writeComplexity,
    description: `Puts the system layer's document back ${RESTORE} ${SYSTEM_ERRORS} ${RESTORE_ERRORS}.`,
  })
  restoreSystemConfig(
    @Arg("input", () => RestoreSystemConfigInput, INPUT) input: RestoreSystemConfigInput,
    @Ctx() context: RequestContext,
  ): Promise<Written> {
    return write(context, input, restoreIntent(input));
  }

  @Mutation(() => WriteConfigResult, {
    nullable: true,
    complexity: writeComplexity,
    description: `Locks or bounds settings for the accounts whose reseller this account is. Overrides that they have already and that are excluded stay stored, and out of force. Nothing changes for the account itself. ${ERRORS}`,
  })
  constrainConfig(
    @Arg("input", () => ConstrainConfigInput, INPUT) input: ConstrainConfigInput,
    @Ctx() context: RequestContext,
  ): Promise<Written> {
    return write(context, input, constrainIntent(input));
  }

  @Mutation(() => WriteConfigResult, {
    nullable: true,
    complexity: writeComplexity,
    description: `Locks or bounds settings for all accounts, resellers included. Overrides that are excluded stay stored, and out of force. ${SYSTEM_ERRORS}`,
  })
  constrainSystemConfig(
    @Arg("input", () => ConstrainSystemConfigInput, INPUT) input: ConstrainSystemConfigInput,
    @Ctx() context: RequestContext,
  ): Promise<Written> {
    return write(context, input, constrainIntent(input));
  }
}

async function write(
  { configs, principal, reader }: RequestContext,
  input: Parameters<typeof writeRequest>[0],
  intent: RequestedIntent,
): Promise<Written> {
  try {
    return writeResultType(await configs.write(principal, writeRequest(input, intent)));
  } finally {
    reader.clear();
  }
}
