import type { Summary } from '@/api/marketOpen';
import { formatCount, UNKNOWN } from '@/shared/format';
import { Money } from './Money';
import classes from './summary.module.css';
import { formatShare } from './words';

/** What came of a set of sessions, with how many there were. */
export function SummaryBar({ summary }: { summary: Summary }) {
  const decided = summary.worked + summary.didnt_work;
  const counts = [
    ['sessions', 'Sessions', summary.sessions, ''],
    ['worked', 'Worked', summary.worked, 'The target was touched first'],
    ['didnt-work', 'Didn’t work', summary.didnt_work, 'The stop was touched first'],
    ['expired', 'Expired', summary.expired, 'The window ended before a level was touched'],
    ['pending', 'Pending', summary.pending, 'Still graded'],
    ['no-entry', 'No entry', summary.no_entry, 'Nothing to enter'],
    ['missed', 'Missed', summary.missed, 'The market opened and was not captured'],
  ] as const;
  return (
    <dl className={classes.bar} data-testid="opens-summary">
      {counts.map(([id, name, count, title]) => (
        <Fact key={id} id={id} name={name} title={title} isQuiet={count === 0}>
          {formatCount(count)}
        </Fact>
      ))}
      {summary.error > 0 && (
        <Fact id="error" name="Error" title="No quote with the price that is graded">
          {formatCount(summary.error)}
        </Fact>
      )}
      <Fact id="hit-rate" isLong name="Hit rate" title="Worked, of those that worked or didn’t">
        {formatShare(summary.hit_rate)} <small>of {formatCount(decided)}</small>
      </Fact>
      <Fact id="pnl" isLong name="P&L" title="Of one contract each">
        <Money usd={summary.total_pnl_usd} />
      </Fact>
      <Fact id="best" isLong name="Best" title="The market with the highest P&L">
        {summary.best_market ? (
          <>
            {summary.best_market.display_name} <Money usd={summary.best_market.pnl_usd} />
          </>
        ) : (
          UNKNOWN
        )}
      </Fact>
    </dl>
  );
}

interface FactProps {
  id: string;
  name: string;
  title: string;
  isQuiet?: boolean;
  /** Takes two places where there are few. */
  isLong?: boolean;
  children: React.ReactNode;
}

function Fact({ id, name, title, isQuiet = false, isLong = false, children }: FactProps) {
  return (
    <div title={title || undefined} data-quiet={isQuiet || undefined} data-long={isLong || undefined}>
      <dt>{name}</dt>
      <dd data-testid={`summary-${id}`}>{children}</dd>
    </div>
  );
}
