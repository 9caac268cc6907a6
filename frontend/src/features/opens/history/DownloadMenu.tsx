import { useRef, useState } from 'react';
import type { StatsQuery } from '@/api/marketOpen';
import { pageNamespace } from '@/shared/namespace';
import { useLeaving } from '@/shared/useLeaving';
import { downloadUrl, FORMATS } from './download';
import classes from './history.module.css';

interface DownloadMenuProps {
  filters: StatsQuery;
  /** Whether there is nothing to download. */
  isEmpty: boolean;
}

/** The sessions that match, as a file. */
export function DownloadMenu({ filters, isEmpty }: DownloadMenuProps) {
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
        className={classes.button}
        aria-haspopup="dialog"
        aria-expanded={opened}
        disabled={isEmpty}
        onClick={() => setOpened(!opened)}
      >
        Download
      </button>
      {opened && (
        <div
          role="dialog"
          aria-label="Download the sessions that match"
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
            All 12 rows of each session
          </label>
          {FORMATS.map(([format, name, what]) => (
            <a
              key={format}
              className={classes.format}
              href={downloadUrl(format, filters, isWhole, pageNamespace())}
              download=""
              onClick={() => setOpened(false)}
            >
              <strong>{name}</strong> <span className={classes.quiet}>{what}</span>
            </a>
          ))}
        </div>
      )}
    </div>
  );
}
