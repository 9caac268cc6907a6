import { type RefObject, useEffect, useRef } from 'react';
import { isTaken } from '@/shared/keys';

interface HistoryActions {
  readonly onNext: () => void;
  readonly onPrevious: () => void;
  readonly onClose: () => void;
}

/** Keys of History: j and k go from session to session, Enter unfolds, Escape folds, [ and ] turn the page. */
export function useHistoryKeys(list: RefObject<HTMLElement | null>, actions: HistoryActions): void {
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (!isTaken(event)) act(event.key, list.current, latest.current);
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [list]);
}

function act(key: string, list: HTMLElement | null, actions: HistoryActions): void {
  if (key === 'j') stepTo(list, 1);
  else if (key === 'k') stepTo(list, -1);
  else if (key === ']') actions.onNext();
  else if (key === '[') actions.onPrevious();
  else if (key === 'Escape') actions.onClose();
}

/** Focuses the next session's button, or the one before; the first when none has the focus. */
function stepTo(list: HTMLElement | null, step: number): void {
  const folds = [...(list?.querySelectorAll<HTMLElement>('[data-fold]') ?? [])];
  const focused = folds.indexOf(document.activeElement as HTMLElement);
  const next = folds[focused === -1 ? 0 : focused + step];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}
