import { formatCount } from '@/shared/format';
import table from '@/shared/table.module.css';
import { Money } from '../shared/Money';
import classes from './analytics.module.css';
import { formatInterval, wholePercent } from './rates';
import type { Stats } from './reads';
import { Section } from './Section';

/** The months, the newest first. */
export function Months({ months }: { months: Stats['by_month'] }) {
  return (
    <Section id="months" title="Month by month">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <section className={classes.low} tabIndex={0} aria-label="Figures by month">
        <table className={`${table.table} ${classes.months}`} data-testid="months">
          <thead>
            <tr>
              <th scope="col">Month</th>
              <th scope="col" data-align="right">
                Decided
              </th>
              <th scope="col" data-align="right">
                Hit rate (95%)
              </th>
              <th scope="col" data-align="right">
                Entries
              </th>
              <th scope="col" data-align="right">
                P&amp;L
              </th>
            </tr>
          </thead>
          <tbody>
            {months.toReversed().map((each) => (
              <tr key={each.month}>
                <th scope="row">{each.month}</th>
                <td data-align="right">
                  {formatCount(each.decided)}
                  {each.low_sample && each.decided > 0 && <small className={classes.few}>few</small>}
                </td>
                <td data-align="right">
                  {wholePercent(each.hit_rate)}{' '}
                  {each.decided > 0 && (
                    <small className={classes.quiet}>{formatInterval(each.hit_rate_interval)}</small>
                  )}
                </td>
                <td data-align="right">{formatCount(each.entries)}</td>
                <td data-align="right">
                  <Money usd={each.total_pnl_usd} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Section>
  );
}
