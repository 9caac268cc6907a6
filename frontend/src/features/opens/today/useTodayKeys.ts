import { type RefObject, useEffect } from 'react';
import { isTaken } from '@/shared/keys';

/** Keys of Today: "[" and "]" step through the days, "j" and "k" through the markets that have rows. */
export function useTodayKeys(cards: RefObject<HTMLElement | null>, stepDay: (by: 1 | -1) => void): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (isTaken(event)) return;
      if (event.key === '[') stepDay(-1);
      if (event.key === ']') stepDay(1);
      if (event.key === 'j') stepFocus(cards.current, 1);
      if (event.key === 'k') stepFocus(cards.current, -1);
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [cards, stepDay]);
}

function stepFocus(cards: HTMLElement | null, by: 1 | -1): void {
  const buttons = [...(cards?.querySelectorAll<HTMLElement>('[data-open]') ?? [])];
  const focused = buttons.indexOf(document.activeElement as HTMLElement);
  (focused === -1 ? buttons[0] : buttons[focused + by])?.focus();
}
