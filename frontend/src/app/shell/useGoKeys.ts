import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { isTaken } from '@/shared/keys';

/** Pages by the letter after "g". */
const PAGES = {
  h: '/',
  f: '/futures',
  t: '/futures/market-open/today',
  o: '/futures/market-open/history',
  a: '/futures/analytics',
  c: '/research/chart',
  d: '/research/data',
} as const;
/** The second key must follow within this time. */
const TOGETHER_MS = 1_500;

/** Keys that lead to pages, such as "g h" to Home; the list on "?" has them all. */
export function useGoKeys(): void {
  const navigate = useNavigate();
  useEffect(() => {
    let wentAt = Number.NEGATIVE_INFINITY;
    const onKeyDown = (event: KeyboardEvent) => {
      if (isTaken(event)) return;
      const follows = event.timeStamp - wentAt < TOGETHER_MS;
      wentAt = event.key === 'g' ? event.timeStamp : Number.NEGATIVE_INFINITY;
      const page = follows ? PAGES[event.key as keyof typeof PAGES] : undefined;
      if (page) void navigate({ to: page });
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [navigate]);
}
