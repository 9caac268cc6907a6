import { formatCount } from '@/shared/format';
import { SIGNAL_WORDS } from '@/shared/signals';
import { SIGNALS } from '../history/filters';
import { Legend } from './Legend';
import map from './map.module.css';
import classes from './matrix.module.css';
import { formatInterval, formatPoints, isOutside, levelOf, wholePercent } from './rates';
import type { Insights } from './reads';

type SignalInsight = Insights['by_signal'][number];

interface SignalMatrixProps {
  signals: readonly SignalInsight[];
  /** The rate of all sessions. */
  base: number | null;
}

/** Instruments by their signals: the rate at which TOTAL worked, how far that is from all, and of how many. */
export function SignalMatrix({ signals, base }: SignalMatrixProps) {
  const symbols = [...new Set(signals.map(({ symbol }) => symbol))];
  const cells = new Map(signals.map((each) => [`${each.symbol} ${each.signal}`, each]));
  if (symbols.length === 0) return <p className={classes.note}>No decided session yet.</p>;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <section className={map.scroll} tabIndex={0} aria-label="Rates by instrument and signal">
        <table className={`${map.map} ${classes.matrix}`} data-testid="signal-matrix">
          <thead>
            <tr>
              <td />
              {SIGNALS.map((signal) => (
                <th key={signal} scope="col">
                  <span aria-hidden="true">{SIGNAL_WORDS[signal].icon}</span> {SIGNAL_WORDS[signal].word}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {symbols.map((symbol) => (
              <tr key={symbol}>
                <th scope="row">{symbol}</th>
                {SIGNALS.map((signal) => (
                  <td key={signal}>
                    <MatrixCell insight={cells.get(`${symbol} ${signal}`)} base={base} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <Legend against="all sessions" />
    </>
  );
}

function MatrixCell({ insight, base }: { insight: SignalInsight | undefined; base: number | null }) {
  if (!insight || insight.n === 0) return <span className={map.none}>never</span>;
  const { rate, lift, n, interval, low_sample } = insight;
  return (
    <div
      className={map.cell}
      data-testid={`matrix-${insight.symbol}-${insight.signal}`}
      data-level={levelOf(rate, rate - lift) ?? 'none'}
      data-low-sample={low_sample || undefined}
    >
      <span className={map.rate}>
        {wholePercent(rate)}
        {isOutside(base, interval) && <span className={map.apart}> ●</span>}
      </span>
      <span className={map.facts}>
        <span>{formatPoints(lift)}</span>
        <span className={classes.interval}>{formatInterval(interval)}</span>
        <span>n {formatCount(n)}</span>
      </span>
    </div>
  );
}
