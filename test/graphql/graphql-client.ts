import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import type { FastifyInstance } from "fastify";
import { print } from "graphql";

export interface GraphqlFailure {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: {
    readonly code: string;
    readonly pointer?: string;
    readonly limit?: string;
    readonly incident?: string;
  };
}

export interface GraphqlAnswer<Data> {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly data?: Data | null;
  readonly errors?: readonly GraphqlFailure[];
}

/** Asks an app as a client over the network would, without a network. */
export class GraphqlClient {
  constructor(readonly app: FastifyInstance) {}

  /** The answer, errors and all. */
  ask<Data, Variables>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
  ): Promise<GraphqlAnswer<Data>> {
    return this.post<Data>({ query: print(document), variables });
  }

  /** The data of an answer without errors, or a failed test. */
  async run<Data, Variables>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
  ): Promise<Data> {
    return dataOf(await this.ask(document, variables));
  }

  /** Any JSON as the body. */
  post<Data = Record<string, unknown>>(
    body: unknown,
    headers: Record<string, string> = {},
  ): Promise<GraphqlAnswer<Data>> {
    return this.send<Data>(JSON.stringify(body), headers);
  }

  /** Any bytes as the body. */
  async send<Data = Record<string, unknown>>(
    payload: string | Buffer,
    headers: Record<string, string> = {},
  ): Promise<GraphqlAnswer<Data>> {
    const response = await this.app.inject({
      method: "POST",
      url: "/graphql",
      headers: { host: "127.0.0.1", "content-type": "application/json", ...headers },
      payload,
    });
    const answer = JSON.parse(response.body) as Pick<GraphqlAnswer<Data>, "data" | "errors">;
    return { ...answer, status: response.statusCode, headers: response.headers, text: response.body };
  }
}

export function dataOf<Data>(answer: GraphqlAnswer<Data>): Data {
  if (answer.errors !== undefined || answer.data === null || answer.data === undefined) {
    throw new Error(`no clean answer: ${answer.status} ${answer.text.slice(0, 2_000)}`);
  }
  return answer.data;
}
