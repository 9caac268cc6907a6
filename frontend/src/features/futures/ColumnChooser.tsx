import { type RefObject, useEffect, useRef } from 'react';
import { COLUMNS, type ColumnId, inOrder } from './columns';
import classes from './toolbar.module.css';

interface ColumnChooserProps {
  shown: readonly ColumnId[];
  /** Whether they were chosen; otherwise they are as many as fit. */
  isChosen: boolean;
  opened: boolean;
  onOpened: (opened: boolean) => void;
  /** Null: as many as fit. */
  onChoose: (ids: readonly ColumnId[] | null) => void;
}

/** Which columns the table has, as a small menu of check boxes. */
export function ColumnChooser({ shown, isChosen, opened, onOpened, onChoose }: ColumnChooserProps) {
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useLeaving(root, opened, onOpened);
  const toggle = (id: ColumnId) =>
    onChoose(inOrder(shown.includes(id) ? shown.filter((each) => each !== id) : [...shown, id]));
  return (
    <div ref={root} className={classes.chooser}>
      <button
        ref={button}
        type="button"
        className={classes.button}
        aria-haspopup="dialog"
        aria-expanded={opened}
        aria-keyshortcuts="c"
        title="Columns of the table: press c"
        onClick={() => onOpened(!opened)}
      >
        Columns
      </button>
      {opened && (
        <div
          role="dialog"
          aria-label="Columns of the table"
          className={classes.menu}
          data-testid="column-chooser"
          onKeyDown={(event) => {
            if (event.key === 'Escape') {
              event.stopPropagation();
              onOpened(false);
              button.current?.focus();
            } else stepThrough(event.currentTarget, event);
          }}
        >
          <div className={classes.checks}>
            {COLUMNS.filter(({ id }) => id !== 'symbol').map(({ id, header, name = header, title }, i) => (
              <label key={id} title={title}>
                <input
                  type="checkbox"
                  // biome-ignore lint/a11y/noAutofocus: the menu was just asked for
                  autoFocus={i === 0}
                  checked={shown.includes(id)}
                  onChange={() => toggle(id)}
                />
                {name}
              </label>
            ))}
          </div>
          <p className={classes.hint}>{isChosen ? 'These columns, whether they fit or not.' : 'As many as fit.'}</p>
          <button type="button" className={classes.button} disabled={!isChosen} onClick={() => onChoose(null)}>
            Reset: as many as fit
          </button>
        </div>
      )}
    </div>
  );
}

/** The arrows go through the check boxes as Tab does. */
function stepThrough(menu: HTMLElement, event: React.KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const boxes = [...menu.querySelectorAll('input')];
  const next = boxes.indexOf(document.activeElement as HTMLInputElement) + step;
  boxes[(next + boxes.length) % boxes.length]?.focus();
}

/** Closes the menu when something beside it is clicked. */
function useLeaving(root: RefObject<HTMLElement | null>, opened: boolean, onOpened: (opened: boolean) => void): void {
  useEffect(() => {
    if (!opened) return;
    const onDown = ({ target }: MouseEvent) => {
      if (!root.current?.contains(target as Node)) onOpened(false);
    };
    window.addEventListener('mousedown', onDown);
    return () => window.removeEventListener('mousedown', onDown);
  }, [root, opened, onOpened]);
}
