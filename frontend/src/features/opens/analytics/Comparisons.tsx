import { formatCount } from '@/shared/format';
import table from '@/shared/table.module.css';
import classes from './analytics.module.css';
import { formatInterval, formatPoints, wholePercent } from './rates';
import type { Insights } from './reads';
import { comparisonWords, type Pair, pairsOf } from './words';

type Comparison = Insights['comparisons'][number];

interface ComparisonsProps {
  comparisons: readonly Comparison[];
  /** The instrument that the others are held against. */
  of: string;
  onOf: (symbol: string) => void;
}

/** An instrument against each other over the same sessions: the difference of their rates, and whether it is one. */
export function Comparisons({ comparisons, of, onOf }: ComparisonsProps) {
  if (comparisons.length === 0) return <p className={classes.note}>No session in which two of them took a side.</p>;
  const symbols = [...new Set(comparisons.flatMap(({ a, b }) => [a, b]))];
  const shown = symbols.includes(of) ? of : (symbols[0] ?? of);
  return (
    <>
      <label className={classes.chooser}>
        Hold the others against
        <select value={shown} onChange={(event) => onOf(event.currentTarget.value)}>
          {symbols.map((symbol) => (
            <option key={symbol}>{symbol}</option>
          ))}
        </select>
      </label>
      <Pairs pairs={pairsOf(comparisons, shown)} />
    </>
  );
}

function Pairs({ pairs }: { pairs: readonly Pair[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <section className={classes.scroll} tabIndex={0} aria-label="Comparisons of instruments">
      <table className={`${table.table} ${classes.comparisons}`} data-testid="comparisons">
        <thead>
          <tr>
            <th scope="col">Pair</th>
            <th scope="col" data-align="right">
              n
            </th>
            <th scope="col" data-align="right">
              Right
            </th>
            <th scope="col" data-align="right" title="First less second, in per cent points; paired, clustered by day">
              Difference (95%)
            </th>
            <th scope="col">So</th>
          </tr>
        </thead>
        <tbody>
          {pairs.map((each) => (
            <tr key={`${each.a} ${each.b}`} data-testid={`comparison-${each.a}-${each.b}`}>
              <th scope="row">
                {each.a} vs {each.b}
              </th>
              <td data-align="right">
                {formatCount(each.n)}
                {each.low_sample && <small className={classes.few}>few</small>}
              </td>
              <td data-align="right">
                {wholePercent(each.rate_a)} vs {wholePercent(each.rate_b)}
              </td>
              <td data-align="right">
                <strong>{formatPoints(each.difference)}</strong>{' '}
                <small className={classes.quiet}>{formatInterval(each.interval)}</small>
              </td>
              <td className={classes.so}>{comparisonWords(each)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
