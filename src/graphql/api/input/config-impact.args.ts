import { ArgsType, Field } from "type-graphql";
import { ConfigWriteInput } from "./config-write.input.js";

@ArgsType()
export class ConfigImpactArgs {
  @Field(() => ConfigWriteInput, { description: "The write that is asked about. It is not made." })
  write!: ConfigWriteInput;
}
