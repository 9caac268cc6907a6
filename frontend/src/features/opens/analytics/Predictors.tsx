import { formatCount } from '@/shared/format';
import table from '@/shared/table.module.css';
import classes from './analytics.module.css';
import { RatePlot } from './RatePlot';
import { formatInterval, sideOf, wholePercent } from './rates';
import rates from './rateTables.module.css';
import type { Insights } from './reads';

type Predictor = Insights['predictors'][number];

interface PredictorsProps {
  predictors: readonly Predictor[];
}

/** The instruments by how often they were right, each held against what chance would give where it took a side. */
export function Predictors({ predictors }: PredictorsProps) {
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
        Thin bar: what chance gives. Who agrees with the composite pays the spread of its trade and is right less often
        than half, who disagrees more often. Grey: not told apart from it.
      </p>
    </>
  );
}

function Row({ predictor }: { predictor: Predictor }) {
  const { symbol, n, rate, base, interval, low_sample } = predictor;
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
          base={base}
          level={sideOf(rate, interval, base)}
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
