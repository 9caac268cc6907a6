import { type RefObject, useLayoutEffect } from 'react';

/** Keeps the header's height, which its banners change, in `--thor-header-height`: for what stands fixed below it. */
export function useHeaderHeight(header: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    const shown = header.current;
    if (!shown) return;
    const root = document.documentElement;
    const measure = () => root.style.setProperty('--thor-header-height', `${shown.offsetHeight}px`);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(shown);
    return () => observer.disconnect();
  }, [header]);
}
