import { registerEnumType } from "type-graphql";
import { LAYER_KINDS, type LayerKind } from "../../../domain/merge/layer.js";

export const LayerKindEnum = Object.fromEntries(LAYER_KINDS.map((kind) => [kind, kind])) as {
  [K in LayerKind]: K;
};

registerEnumType(LayerKindEnum, {
  name: "LayerKind",
  description:
    "Where a value comes from. Highest precedence first: a layer's values cover those of the layers after it.",
  valuesConfig: {
    ACCOUNT: { description: "The account's own document." },
    RESELLER: {
      description:
        "The document of the account's reseller: its nearest ancestor that is one, else the root. Exactly one hop; the root account has none.",
    },
    SYSTEM: { description: "The document that holds for the whole system." },
    SCHEMA: { description: "The defaults of the config's schema: constant until the schema folder changes." },
  },
});
