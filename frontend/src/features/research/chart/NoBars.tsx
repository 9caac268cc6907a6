import { dateIn } from '@/shared/clockText';
import research from '../research.module.css';
import classes from './chart.module.css';

interface NoBarsProps {
  symbol: string;
  /** The newest stored tick, epoch milliseconds; null: none is stored. */
  newestMs: number | null;
  onNewest: () => void;
}

/** Nothing to draw: why, and what to do. */
export function NoBars({ symbol, newestMs, onNewest }: NoBarsProps) {
  if (newestMs !== null) {
    return (
      <div className={classes.nothing} data-testid="no-bars">
        <h2>No bars there</h2>
        <p>{`Nothing is stored of ${symbol} up to that date, or nothing in these hours. The newest tick is of ${dateIn('UTC', newestMs)}.`}</p>
        <button type="button" className={research.button} onClick={onNewest}>
          To the newest bar
        </button>
      </div>
    );
  }
  return (
    <div className={classes.nothing} data-testid="no-bars">
      <h2>{`Nothing is stored of ${symbol}`}</h2>
      <p>Ticks come from a source that runs, or from files. Each of these brings some:</p>
      <dl>
        <dt>
          <code>thor import_ticks --help</code>
        </dt>
        <dd>reads recordings in CSV, Parquet, DBN and Lean files</dd>
        <dt>
          <code>thor up</code>
        </dt>
        <dd>runs a source; its bars are here within a minute, and in the lake when the session ends</dd>
      </dl>
    </div>
  );
}
