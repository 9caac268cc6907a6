import { formatCount } from '@/shared/format';
import table from '@/shared/table.module.css';
import classes from './analytics.module.css';
import { RatePlot } from './RatePlot';
import { chanceOfWay, formatInterval, sideOf, wholePercent } from './rates';
import rates from './rateTables.module.css';
import type { Insights } from './reads';

type Predictor = Insights['predictors'][number];

type Band = readonly [low: number, high: number];

interface PredictorsProps {
  predictors: readonly Predictor[];
  /** The base rate of the trades whose way is told. */
  base: number | null;
}

/** The instruments by how often they were right, held against what chance would give. */
export function Predictors({ predictors, base }: PredictorsProps) {
  const chance = chanceOfWay(base);
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
            <Row key={each.symbol} predictor={each} chance={chance} />
          ))}
        </tbody>
      </table>
      <p className={classes.quiet}>
        Thin bar: what chance gives, from {wholePercent(chance[0])} for an instrument that always agrees with the
        composite, because that trade pays the spread, to {wholePercent(chance[1])} for one that never does. Grey: not
        told apart from it.
      </p>
    </>
  );
}

function Row({ predictor, chance }: { predictor: Predictor; chance: Band }) {
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
          base={chance}
          level={sideOf(interval, chance)}
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
