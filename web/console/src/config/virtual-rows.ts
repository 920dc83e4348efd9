import { type RefObject, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";

/** Up to so many rows all of them are on the page, where the browser's own search finds them. */
const ALL = 300;
/** Pixels beyond the edges in which rows are on the page already. */
const MARGIN = 600;

export interface VirtualRows {
  readonly first: number;
  readonly end: number;
  /** Pixels above the first row and below the last one that are on the page. */
  readonly before: number;
  readonly after: number;
  /** Give it to every row's element, so that its real height counts. */
  measure(key: string, element: Element | null): void;
  scrollTo(index: number): void;
}

/**
 * Of a long list, the rows that are to be on the page: those in sight, and some around.
 * @param keys one for each row; heights are remembered by it
 * @param estimate the height of a row that was not on the page yet
 */
export function useVirtualRows(
  keys: readonly string[],
  estimate: number,
  list: RefObject<HTMLElement | null>,
): VirtualRows {
  const heights = useRef(new Map<string, number>());
  const [generation, setGeneration] = useState(0);
  const scroller = useScroller(list);
  const isWhole = keys.length <= ALL;

  // biome-ignore lint/correctness/useExhaustiveDependencies: a generation stands for the heights
  const tops = useMemo(() => {
    const sums = new Float64Array(keys.length + 1);
    keys.forEach((key, index) => {
      sums[index + 1] = (sums[index] ?? 0) + (heights.current.get(key) ?? estimate);
    });
    return sums;
  }, [keys, estimate, generation]);

  const measure = useMeasured(heights, setGeneration);
  const latest = useRef(tops);
  latest.current = tops;
  const scrollTo = useCallback(
    (index: number) => {
      const { element, offset } = scrollerOf(list.current);
      const top = offset + (latest.current[index] ?? 0);
      element?.scrollTo({ top: Math.max(0, top - element.clientHeight / 3) });
    },
    [list],
  );
  const total = tops[keys.length] ?? 0;
  if (isWhole) return { first: 0, end: keys.length, before: 0, after: 0, measure, scrollTo };
  const first = indexAt(tops, scroller.top - MARGIN);
  const end = Math.min(keys.length, indexAt(tops, scroller.top + scroller.height + MARGIN) + 1);
  return { first, end, before: tops[first] ?? 0, after: total - (tops[end] ?? total), measure, scrollTo };
}

/** The row at so many pixels from the top. */
function indexAt(tops: Float64Array, pixels: number): number {
  let [low, high] = [0, tops.length - 2];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((tops[middle] ?? 0) <= pixels) low = middle;
    else high = middle - 1;
  }
  return Math.max(0, low);
}

function scrollerOf(list: HTMLElement | null): { element: HTMLElement | null; offset: number } {
  const element = list?.closest("main") ?? null;
  if (list === null || element === null) return { element: null, offset: 0 };
  const offset = list.getBoundingClientRect().top - element.getBoundingClientRect().top + element.scrollTop;
  return { element, offset };
}

/** How far the list is scrolled, seen from its own top. */
function useScroller(list: RefObject<HTMLElement | null>): { top: number; height: number } {
  const [state, setState] = useState({ top: 0, height: 1_000 });
  useLayoutEffect(() => {
    const { element } = scrollerOf(list.current);
    if (element === null) return undefined;
    const read = () => {
      const top = element.scrollTop - scrollerOf(list.current).offset;
      const height = element.clientHeight;
      // Small steps stay within the margin.
      setState((before) =>
        Math.abs(before.top - top) < MARGIN / 3 && before.height === height ? before : { top, height },
      );
    };
    read();
    element.addEventListener("scroll", read, { passive: true });
    addEventListener("resize", read);
    return () => {
      element.removeEventListener("scroll", read);
      removeEventListener("resize", read);
    };
  }, [list]);
  return state;
}

function useMeasured(
  heights: RefObject<Map<string, number>>,
  setGeneration: (change: (before: number) => number) => void,
): (key: string, element: Element | null) => void {
  const observer = useRef<ResizeObserver | null>(null);
  const keys = useRef(new WeakMap<Element, string>());
  const elements = useRef(new Map<string, Element>());
  useEffect(() => () => observer.current?.disconnect(), []);
  return useCallback(
    (key, element) => {
      observer.current ??= new ResizeObserver((entries) => {
        let isNew = false;
        for (const { target } of entries) {
          const name = keys.current.get(target);
          const height = target.getBoundingClientRect().height;
          if (name === undefined || height === 0 || heights.current.get(name) === height) continue;
          heights.current.set(name, height);
          isNew = true;
        }
        if (isNew) setGeneration((before) => before + 1);
      });
      const known = elements.current.get(key);
      if (known !== undefined && known !== element) observer.current.unobserve(known);
      if (element === null) elements.current.delete(key);
      else if (known !== element) {
        elements.current.set(key, element);
        keys.current.set(element, key);
        observer.current.observe(element);
      }
    },
    [heights, setGeneration],
  );
}
