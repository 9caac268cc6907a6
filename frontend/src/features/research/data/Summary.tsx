import type { ReactNode } from 'react';
import type { CoverageAnswer } from '@/api/research';
import { dateIn, timeIn } from '@/shared/clockText';
import { formatCount, UNKNOWN } from '@/shared/format';
import classes from './coverage.module.css';
import { dateWords, formatBytes } from './words';

/** All of the lake in figures. */
export function Summary({ summary }: { summary: CoverageAnswer['summary'] }) {
  const { first_date, last_date, ticks, bytes, files, verified_at } = summary;
  const verified = verified_at === null ? null : Date.parse(verified_at);
  return (
    <dl className={classes.summary} data-testid="lake-summary">
      <Fact name="In the lake">
        {first_date && last_date ? `${dateWords(first_date)} to ${dateWords(last_date)}` : 'nothing yet'}
      </Fact>
      <Fact name="Ticks">{formatCount(ticks)}</Fact>
      <Fact name="Files">{formatCount(files)}</Fact>
      <Fact name="Size">{formatBytes(bytes)}</Fact>
      <Fact name="All verified" title="When the file that was verified longest ago was last read and compared">
        {verified === null ? (
          files === 0 ? (
            UNKNOWN
          ) : (
            'not yet'
          )
        ) : (
          <time
            dateTime={verified_at ?? undefined}
          >{`${dateIn('UTC', verified)} ${timeIn('UTC', verified).slice(0, 5)} UTC`}</time>
        )}
      </Fact>
    </dl>
  );
}

function Fact({ name, title, children }: { name: string; title?: string; children: ReactNode }) {
  return (
    <div title={title}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
