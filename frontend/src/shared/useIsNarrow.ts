import { type RefObject, useLayoutEffect, useState } from 'react';

/** Whether the element is narrower than so many pixels. Known before the first paint: the wrong layout must not flash. */
export function useIsNarrow(element: RefObject<HTMLElement | null>, belowPx: number): boolean {
  const [isNarrow, setNarrow] = useState(false);
  useLayoutEffect(() => {
    const measured = element.current;
    if (!measured) return;
    const measure = () => {
      const width = measured.getBoundingClientRect().width;
      setNarrow(width > 0 && width < belowPx);
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(measured);
    return () => observer.disconnect();
  }, [element, belowPx]);
  return isNarrow;
}
