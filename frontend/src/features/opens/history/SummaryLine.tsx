import type { Summary } from '@/api/marketOpen';
import { formatCount, UNKNOWN } from '@/shared/format';
import { Money } from '../shared/Money';
import { formatShare } from '../shared/words';
import { TOTAL } from './filters';
import classes from './summary.module.css';

interface SummaryLineProps {
  summary: Summary;
  /** Whose trades are counted. */
  symbol: string;
}

/** What came of all that match, not of the page alone; every rate with the number that it rests on. */
export function SummaryLine({ summary, symbol }: SummaryLineProps) {
  const { worked, didnt_work, best_market: best } = summary;
  const counts: readonly (readonly [name: string, count: number, tone?: string])[] = [
    ['Sessions', summary.sessions],
    ['Worked', worked, 'worked'],
    ['Didn’t work', didnt_work, 'failed'],
    ['Expired', summary.expired],
    ['No entry', summary.no_entry],
    ['Pending', summary.pending],
    ['Error', summary.error],
    ['Missed', summary.missed],
  ];
  return (
    <dl className={classes.line} data-testid="history-summary" aria-label="All that match">
      {counts
        .filter(([name, count]) => count > 0 || !['Pending', 'Error', 'Missed'].includes(name))
        .map(([name, count, tone]) => (
          <div key={name} data-tone={tone}>
            <dt>{name}</dt>
            <dd data-testid={`summary-${name}`}>{formatCount(count)}</dd>
          </div>
        ))}
      <div>
        <dt title="Worked, of those that were decided">Hit rate</dt>
        <dd data-testid="summary-hit-rate">
          {formatShare(summary.hit_rate)} <small>of {formatCount(worked + didnt_work)} decided</small>
        </dd>
      </div>
      <div>
        <dt title={symbol === TOTAL ? 'Of one YM contract each' : `Of one ${symbol} contract each`}>P&amp;L</dt>
        <dd>
          <Money usd={summary.total_pnl_usd} /> <small>of {formatCount(summary.entries)} entries</small>
        </dd>
      </div>
      <div>
        <dt>Best market</dt>
        <dd>
          {best ? (
            <>
              {best.display_name} <Money usd={best.pnl_usd} />
            </>
          ) : (
            UNKNOWN
          )}
        </dd>
      </div>
    </dl>
  );
}
