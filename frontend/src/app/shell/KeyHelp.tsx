import { useEffect, useRef } from 'react';
import { CloseIcon } from '@/shared/icons';
import { isTaken } from '@/shared/keys';
import classes from './help.module.css';

const KEYS: readonly (readonly [title: string, keys: readonly (readonly [keys: string, does: string])[]])[] = [
  [
    'Everywhere',
    [
      ['g h', 'Home'],
      ['g f', 'Future Trading'],
      ['g t', 'Market opens: today'],
      ['g o', 'Market opens: history'],
      ['g a', 'Market opens: analytics'],
      ['g c', 'Research: chart'],
      ['g d', 'Research: data'],
      ['?', 'this list'],
      ['Esc', 'close what is open'],
    ],
  ],
  [
    'Futures',
    [
      ['j k', 'next, previous instrument'],
      ['↑ ↓ ← →', 'from row to row, over the cards'],
      ['Home End', 'first, last instrument'],
      ['Enter', 'open the instrument'],
      ['/', 'filter'],
      ['v', 'next view: table, cards, heatmap'],
      ['c', 'columns of the table'],
    ],
  ],
  [
    'An open instrument',
    [
      ['← →', 'previous, next instrument'],
      ['Esc', 'close'],
    ],
  ],
  [
    'Market opens: today',
    [
      ['j k', 'next, previous market'],
      ['Enter', 'its 12 rows'],
      ['[ ]', 'previous, next day'],
    ],
  ],
  [
    'Market opens: history, analytics',
    [
      ['f', 'filters'],
      ['j k', 'next, previous session'],
      ['Enter', 'its 12 rows'],
      ['[ ]', 'previous, next page'],
    ],
  ],
  [
    'Research: chart',
    [
      ['j k', 'next, previous instrument'],
      ['1 … 7', 'bars of 1s 5s 1m 5m 15m 1h 1d'],
      ['a', 'prices as they were, back-adjusted'],
      ['r', 'all hours, regular hours'],
      ['[ ]', 'previous, next trade date'],
      ['d', 'go to a date'],
      ['n', 'to the newest bar'],
      ['← →', 'from bar to bar, on the chart'],
      ['+ -', 'closer, further, on the chart'],
    ],
  ],
  [
    'Research: data',
    [
      ['↑ ↓ ← →', 'from cell to cell'],
      ['Home End', 'first, last date'],
      ['Enter', 'the chart of the cell'],
      ['[ ]', 'earlier, later dates'],
    ],
  ],
];

/** The keys, on "?"; a dialog of the browser's own. */
export function KeyHelp() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== '?' || isTaken(event)) return;
      event.preventDefault();
      dialog.current?.showModal();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, []);
  return (
    <dialog ref={dialog} className={classes.help} aria-labelledby="keys" data-testid="key-help">
      <div className={classes.top}>
        <h2 id="keys">Keys</h2>
        <button type="button" aria-label="Close the list of keys" onClick={() => dialog.current?.close()}>
          <CloseIcon />
        </button>
      </div>
      <div className={classes.lists}>
        {KEYS.map(([title, keys]) => (
          <section key={title} aria-label={title}>
            <h3>{title}</h3>
            <dl>
              {keys.map(([key, does]) => (
                <div key={key}>
                  <dt>
                    {key.split(' ').map((each) => (
                      <kbd key={each}>{each}</kbd>
                    ))}
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </dialog>
  );
}
