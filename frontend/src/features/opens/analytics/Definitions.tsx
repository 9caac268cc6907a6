import classes from './analytics.module.css';

/** What the words on this page mean. */
export function Definitions() {
  return (
    <details className={classes.definitions} data-testid="definitions">
      <summary>What is counted, and how sure it is</summary>
      <dl>
        <div>
          <dt>Hit rate</dt>
          <dd>
            Worked / (worked + didn’t work): of the trades that a level decided. Expired trades, sessions without entry,
            errors and pending ones are not in it.
          </dd>
        </div>
        <div>
          <dt>Hit rate of entries</dt>
          <dd>
            Worked / entries: expired trades count as not worked. It is never above the hit rate, and the one that a
            person who trades every signal lives by.
          </dd>
        </div>
        <div>
          <dt>By chance</dt>
          <dd>
            What noise would win: distance to the stop / (distance to the stop + to the target). Equal distances give
            50%; measured from where the trade could be closed at once it is less, because the spread is paid. This base
            rate is the thin bar below each bar. The difference to it is what the signal may have added.
          </dd>
        </div>
        <div>
          <dt>Intervals</dt>
          <dd>
            95%. Opens of one day go together, so the intervals are clustered by day and wider than if each open stood
            for itself. Where the base rate lies inside, the sample does not tell the two apart. Of 55 cells of a map
            about 3 stand out by chance alone.
          </dd>
        </div>
        <div>
          <dt>Low sample</dt>
          <dd>Fewer than 30 decided: drawn pale, because almost anything is possible.</dd>
        </div>
        <div>
          <dt>Expected value</dt>
          <dd>
            Total P&L / entries, of one contract, before commissions. Expired trades count 0. “At $100 a decided one” is
            hit rate x $100 less the rest x $100.
          </dd>
        </div>
      </dl>
    </details>
  );
}
