import type { SessionRow } from '@/api/marketOpen';
import classes from './history.module.css';

/** Which way the trade went; why there was none, where there was none. */
export function EntrySide({ row }: { row: SessionRow }) {
  if (!row.entry_side) {
    return (
      <span className={classes.quiet} title={row.reason || undefined}>
        none
      </span>
    );
  }
  return (
    <span className={classes.side} data-side={row.entry_side}>
      {row.entry_side === 'BUY' ? 'Buy' : 'Sell'}
    </span>
  );
}
