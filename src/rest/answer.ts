/** The result of a route handler; `rest-face.ts` puts the envelope around it and sends it. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Goes into the envelope. */
  readonly content?: Content;
  /** Sent as it is, without an envelope. */
  readonly document?: unknown;
  /** Sent as server-sent events, for as long as it lasts. */
  readonly stream?: StreamedAnswer;
}

export interface StreamedAnswer {
  /** Each with the cursor behind it; without content only the cursor has moved. */
  readonly messages: AsyncGenerator<{ readonly cursor: string; readonly content?: Content }>;
  /** Ends the messages. */
  readonly stop: () => void;
}

export type Content = Success | Refusal;

export interface Success {
  readonly data: unknown;
  readonly provenance?: unknown;
  readonly impact?: unknown;
  readonly constraints?: unknown;
  readonly dormant?: unknown;
}

export interface Refusal {
  readonly data: unknown;
  /** The status once more, as text. */
  readonly error: string;
  readonly message: string;
}

/** @param data where the trouble is, for programs; KAZOO's clients look for it even when there is nothing to say */
export function refusal(
  status: number,
  message: string,
  data: unknown = {},
  headers: Answer["headers"] = {},
): Answer {
  return { status, headers, content: { data, error: String(status), message } };
}
