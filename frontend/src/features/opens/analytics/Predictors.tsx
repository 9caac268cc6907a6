import { formatCount } from '@/shared/format';
import table from '@/shared/table.module.css';
import classes from './analytics.module.css';
import { RatePlot } from './RatePlot';
import { COIN, formatInterval, isOutside, levelOf, wholePercent } from './rates';
import rates from './rateTables.module.css';
import type { Insights } from './reads';

type Predictor = Insights['predictors'][number];

/** The instruments by how often they were right. */
export function Predictors({ predictors }: { predictors: readonly Predictor[] }) {
  if (predictors.length === 0)
    return <p className={classes.note}>No decided session in which an instrument took a side.</p>;
  return (
    <>
      <table className={`${table.table} ${rates.table}`} data-testid="predictors">
        <thead>
          <tr>
            <th scope="col" className={classes.symbol}>
              Instrument
            </th>
            <th scope="col" className={rates.count}>
              n
            </th>
            <td className={rates.plotCell} />
            <th scope="col" className={rates.figure}>
              Right (95%)
            </th>
          </tr>
        </thead>
        <tbody>
          {predictors.map((each) => (
            <Row key={each.symbol} predictor={each} />
          ))}
        </tbody>
      </table>
      <p className={classes.quiet}>
        The thin bar is a coin’s half. Where it lies inside the interval, the instrument is not told apart from a coin.
      </p>
    </>
  );
}

function Row({ predictor }: { predictor: Predictor }) {
  const { symbol, n, rate, interval, low_sample } = predictor;
  return (
    <tr data-testid={`predictor-${symbol}`} data-low-sample={low_sample || undefined}>
      <th scope="row" className={classes.symbol}>
        {symbol}
      </th>
      <td className={rates.count}>
        {formatCount(n)}
        {low_sample && <small>few</small>}
      </td>
      <td className={rates.plotCell}>
        <RatePlot
          rate={rate}
          interval={interval}
          base={COIN}
          level={isOutside(COIN, interval) ? levelOf(rate, COIN) : 0}
          isLowSample={low_sample}
        />
      </td>
      <td className={rates.figure}>
        <strong>{wholePercent(rate)}</strong>
        <small>{formatInterval(interval)}</small>
      </td>
    </tr>
  );
}
