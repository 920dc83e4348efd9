/** The same items; the next one is on its way while one is dealt with, as long as whoever takes them goes on. */
export async function* oneAhead<T>(items: AsyncGenerator<T, void>): AsyncGenerator<T, void> {
  const following = () => {
    const next = items.next();
    // Whoever wants no more does not wait for it.
    next.catch(() => {});
    return next;
  };
  try {
    for (let next = following(); ; ) {
      const { done, value } = await next;
      if (done) return;
      next = following();
      yield value;
    }
  } finally {
    items.return().catch(() => {});
  }
}
