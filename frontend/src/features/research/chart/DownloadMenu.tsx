import { useRef, useState } from 'react';
import type { BarsQuery } from '@/api/research';
import { formatCount } from '@/shared/format';
import { pageNamespace } from '@/shared/namespace';
import { useLeaving } from '@/shared/useLeaving';
import research from '../research.module.css';
import classes from './chart.module.css';
import { barsFileUrl, FORMATS } from './download';

interface DownloadMenuProps {
  /** What is seen, with its span; null: nothing is. */
  seen: Omit<BarsQuery, 'format'> | null;
  count: number;
}

/** The bars in sight as a file, or all that there are of the instrument. */
export function DownloadMenu({ seen, count }: DownloadMenuProps) {
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const [opened, setOpened] = useState(false);
  const [isWhole, setWhole] = useState(false);
  useLeaving(root, opened, () => setOpened(false));
  return (
    <div ref={root} className={classes.menuRoot}>
      <button
        ref={button}
        type="button"
        className={research.button}
        aria-haspopup="dialog"
        aria-expanded={opened}
        disabled={seen === null}
        onClick={() => setOpened(!opened)}
      >
        Download
      </button>
      {opened && seen && (
        <div
          role="dialog"
          aria-label="Download bars"
          className={classes.menu}
          data-testid="download-menu"
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return;
            event.stopPropagation();
            setOpened(false);
            button.current?.focus();
          }}
        >
          <label className={classes.check}>
            <input
              type="checkbox"
              // biome-ignore lint/a11y/noAutofocus: the menu was just asked for
              autoFocus
              checked={isWhole}
              onChange={(event) => setWhole(event.currentTarget.checked)}
            />
            All there are, not only the {formatCount(count)} in sight
          </label>
          {FORMATS.map(([format, name, what]) => (
            <a
              key={format}
              className={classes.format}
              href={barsFileUrl(isWhole ? withoutSpan(seen) : seen, format, pageNamespace())}
              download=""
              onClick={() => setOpened(false)}
            >
              <strong>{name}</strong> <span className={research.quiet}>{what}</span>
            </a>
          ))}
        </div>
      )}
    </div>
  );
}

function withoutSpan({ start: _start, end: _end, ...query }: Omit<BarsQuery, 'format'>): Omit<BarsQuery, 'format'> {
  return query;
}
