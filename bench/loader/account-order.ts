/** Which account each request is about. */
export type AccountOrder =
  | { readonly kind: "same"; readonly account: number }
  /** `step` apart, from 0 on, and from the start again after `count` of them. */
  | { readonly kind: "inTurn"; readonly count: number; readonly step: number }
  /** Some far more often than others, as callers do: the k-th most popular 1/k as often as the first. */
  | { readonly kind: "zipf"; readonly count: number };

const ZIPF_SEQUENCE = 1 << 18;
/** Spreads popularity over the accounts; prime, so that every account has one rank. */
const SPREAD = 7_919;

/** The account of the n-th request. Always the same sequence, so that every contender is asked the same. */
export function createAccountOrder(order: AccountOrder): (request: number) => number {
  switch (order.kind) {
    case "same":
      return () => order.account;
    case "inTurn":
      return (request) => (request % order.count) * order.step;
    case "zipf": {
      const sequence = zipfSequence(order.count);
      return (request) => sequence[request % ZIPF_SEQUENCE] ?? 0;
    }
  }
}

function zipfSequence(count: number): Uint32Array {
  const random = createRandom(1);
  const cumulative = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank++) {
    sum += 1 / (rank + 1);
    cumulative[rank] = sum;
  }
  return Uint32Array.from({ length: ZIPF_SEQUENCE }, () => {
    const rank = firstAtLeast(cumulative, random() * sum);
    return (rank * SPREAD) % count;
  });
}

function firstAtLeast(ascending: Float64Array, wanted: number): number {
  let [low, high] = [0, ascending.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** From 0 to 1, the same numbers for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
