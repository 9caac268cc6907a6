import { useEffect, useRef } from 'react';
import { isTaken } from '@/shared/keys';

/** What each key of a page does. */
export function useKeys(keys: Readonly<Record<string, () => void>>): void {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    let before = '';
    const onKeyDown = (event: KeyboardEvent) => {
      // The letter after "g" leads to a page.
      const follows = before === 'g';
      before = event.key;
      const act = isTaken(event) || follows ? undefined : latest.current[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, []);
}
