import type { JsonObject } from "../../domain/json/json.js";

/** JSON Schemas of a request's parts: requests are held to them, and the OpenAPI document shows them. */
export interface RequestSchemas {
  readonly params?: PartSchema;
  readonly querystring?: PartSchema;
  readonly headers?: PartSchema;
  readonly body?: JsonObject;
}

export interface PartSchema {
  readonly type: "object";
  readonly properties: Readonly<Record<string, JsonObject>>;
  readonly required?: readonly string[];
}
