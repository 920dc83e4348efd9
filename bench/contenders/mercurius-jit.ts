import { createHash } from "node:crypto";
import Fastify from "fastify";
import { mercurius } from "mercurius";
import { createLayerReader, type RedisLayer, type Value, type Values } from "./redis-layers.js";

// A resolver written by hand for the same question, on the fastest GraphQL server for Node: layers by one MGET, merged
// with provenance at every request. Nothing of Strata's rules beyond that: no types that change between layers, no
// visibility, no access control, no limits.

const SCHEMA = `
  scalar JSON
  type Query { config(accountId: ID!, configId: ID!): EffectiveConfig }
  type EffectiveConfig { id: ID! etag: String! values: JSON! fields: [ConfigField!]! }
  type ConfigField { pointer: String! value: JSON source: Layer! contributions: [Contribution!]! }
  type Contribution { layer: Layer! value: JSON }
  type Layer { kind: String! }
`;

interface Field {
  readonly pointer: string;
  readonly value: Value;
  readonly source: { readonly kind: string };
  readonly contributions: readonly { readonly layer: { readonly kind: string }; readonly value: Value }[];
}

const layersOf = createLayerReader(process.env.REDIS_URL ?? "");
const app = Fastify();
await app.register(mercurius, {
  schema: SCHEMA,
  jit: 1,
  resolvers: {
    Query: {
      async config(_: unknown, { accountId, configId }: { accountId: string; configId: string }) {
        const layers = await layersOf(accountId, configId);
        const fields: Field[] = [];
        const values = merged(layers, "", fields);
        const etag = createHash("sha256").update(JSON.stringify(fields)).digest("base64url").slice(0, 22);
        return { id: `${accountId}/${configId}`, etag, values, fields };
      },
    },
  },
});
await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });

/** @param layers those that have an object here, highest first */
function merged(layers: readonly RedisLayer[], prefix: string, fields: Field[]): Values {
  const result: Record<string, Value> = {};
  for (const { document } of layers.toReversed()) {
    for (const name of Object.keys(document)) {
      if (Object.hasOwn(result, name)) continue;
      const pointer = `${prefix}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
      const having = layers.filter((layer) => Object.hasOwn(layer.document, name));
      const [top] = having;
      if (top === undefined) continue;
      const value = top.document[name] as Value;
      if (isValues(value)) {
        const inner = having.map(({ kind, document }) => ({ kind, document: document[name] as Values }));
        result[name] = merged(inner, pointer, fields);
        continue;
      }
      result[name] = value;
      const contributions = having.map((layer) => ({ layer, value: layer.document[name] as Value }));
      fields.push({ pointer, value, source: top, contributions });
    }
  }
  return result;
}

function isValues(value: Value): value is Values {
  return typeof value === "object" && !Array.isArray(value);
}
