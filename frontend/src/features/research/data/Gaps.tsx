import type { QualityRow } from '@/api/research';
import { timeIn, zoneName } from '@/shared/clockText';
import research from '../research.module.css';
import classes from './day.module.css';
import { type GapLine, gapLine } from './gapView';
import { formatSpan } from './words';

/** When nothing came though the market was open: on a line, and the longest in words. */
export function Gaps({ row, zone }: { row: QualityRow; zone: string }) {
  const line = gapLine(row);
  if (!line || line.gaps.length === 0) return <p className={research.quiet}>No gap in the open hours.</p>;
  const longest = line.gaps.toSorted((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs));
  return (
    <div className={classes.gaps}>
      <h3>{row.gaps > line.gaps.length ? `The longest ${line.gaps.length} gaps` : 'Gaps'}</h3>
      <Line line={line} zone={zone} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <ol className={classes.list} tabIndex={0} aria-label="Gaps, longest first" data-testid="gap-list">
        {longest.map(({ fromMs, toMs }) => (
          <li key={fromMs}>
            {`${timeIn(zone, fromMs)} to ${timeIn(zone, toMs)}`} <span>{formatSpan((toMs - fromMs) / 1000)}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

function Line({ line, zone }: { line: GapLine; zone: string }) {
  return (
    <div className={classes.line} aria-hidden="true">
      <svg aria-hidden="true" width="100%" height="14" preserveAspectRatio="none" viewBox="0 0 1000 14">
        <rect className={classes.covered} x="0" y="4" width="1000" height="6" />
        {line.gaps.map(({ fromMs, left, right }) => (
          <rect
            key={fromMs}
            className={classes.gap}
            x={left * 1000}
            y="0"
            width={Math.max((right - left) * 1000, 2)}
            height="14"
          />
        ))}
      </svg>
      <p>
        <span>{timeIn(zone, line.fromMs).slice(0, 5)}</span>
        <span>{zoneName(zone, line.fromMs)}</span>
        <span>{timeIn(zone, line.toMs).slice(0, 5)}</span>
      </p>
    </div>
  );
}
