import { type RefObject, useLayoutEffect, useState } from 'react';

/**
 * What `select` makes of the element's width in pixels; renders only when the answer is another. `select` must answer a
 * primitive and be the same function each time. Known before the first paint: the wrong layout must not flash.
 */
export function useMeasured<T extends string | number | boolean>(
  element: RefObject<HTMLElement | null>,
  select: (widthPx: number) => T,
  before: T,
): T {
  const [measured, setMeasured] = useState(before);
  useLayoutEffect(() => {
    const shown = element.current;
    if (!shown) return;
    const measure = () => {
      const { width } = shown.getBoundingClientRect();
      if (width > 0) setMeasured(select(width));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(shown);
    return () => observer.disconnect();
  }, [element, select]);
  return measured;
}
