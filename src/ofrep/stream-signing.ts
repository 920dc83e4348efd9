import { StreamTickets } from "./stream-ticket.js";

/** How addresses of event streams say whom they are for. */
export interface StreamSigning {
  /** Undefined: not at all. */
  readonly tickets: StreamTickets | undefined;
  /** Whether clients are told of event streams. */
  readonly isOffered: boolean;
  /** Addresses from before it was another one end. */
  readonly id: string;
}

/** Where nobody has to say who they are. */
export const UNSIGNED: StreamSigning = { isOffered: true, tickets: undefined, id: "" };

/** @param secret that all gateways share which clients may come to */
export function signedWith(secret: string, now: () => Date): StreamSigning {
  const tickets = new StreamTickets(secret, now);
  return { isOffered: true, tickets, id: tickets.id };
}

export interface SharedSigningOptions {
  /** What all gateways of a store know and nobody else; undefined: nothing yet. */
  readonly readSecret: () => Promise<string | undefined>;
  readonly now: () => Date;
}

const LOOK_EVERY_MS = 30_000;

/**
 * Signs with a secret of the store. It is looked up again now and then: a store that could not keep one when the gateway
 * started may have one later, and one that was put in its place has another.
 */
export class SharedSigning implements StreamSigning {
  #secret: string | undefined;
  #current: StreamSigning = { isOffered: false, tickets: undefined, id: "" };
  readonly #timer: NodeJS.Timeout;

  constructor(private readonly options: SharedSigningOptions) {
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS).unref();
  }

  get tickets(): StreamTickets | undefined {
    return this.#current.tickets;
  }

  get isOffered(): boolean {
    return this.#current.isOffered;
  }

  get id(): string {
    return this.#current.id;
  }

  /** Never rejects: a store that cannot be read is told of elsewhere, and the secret that is known goes on. */
  async look(): Promise<void> {
    const { readSecret, now } = this.options;
    const secret = await readSecret().catch(() => undefined);
    if (secret === undefined || secret === this.#secret) return;
    this.#secret = secret;
    this.#current = signedWith(secret, now);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
