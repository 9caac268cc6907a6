import { memo } from 'react';
import type { MarketRow } from '@/live/markets';
import { UNKNOWN } from '@/shared/format';
import table from '@/shared/table.module.css';
import { sharePercent } from './composite';
import classes from './markets.module.css';
import { noteOf } from './marketView';
import { PhaseWord, StatusWord } from './StatusWord';
import { Countdown, LocalTime, LocalWeekday, NextAt } from './ticking';

interface MarketTableProps {
  markets: readonly MarketRow[];
  /** Key of the market that the header shows. */
  chosen: string;
  onChoose: (country: string) => void;
}

/** The markets in the order in which they open along the day. */
export function MarketTable({ markets, chosen, onChoose }: MarketTableProps) {
  return (
    <table className={`${table.table} ${classes.table}`} aria-label="Global markets" data-testid="markets-table">
      <thead>
        <tr>
          <th scope="col">Market</th>
          <th scope="col">Status</th>
          <th scope="col" title="Local time">
            Local
          </th>
          <th scope="col">Next</th>
          <th scope="col" data-column="weight" title="Weight in the composite">
            Weight
          </th>
        </tr>
      </thead>
      <tbody>
        {markets.map((market) => (
          <Row key={market.country} market={market} isChosen={market.country === chosen} onChoose={onChoose} />
        ))}
      </tbody>
    </table>
  );
}

interface RowProps {
  market: MarketRow;
  isChosen: boolean;
  onChoose: (country: string) => void;
}

/** One market in two lines to a cell; renders when it turns, its clocks by themselves. */
const Row = memo(function Row({ market, isChosen, onChoose }: RowProps) {
  const { country, display_name, timezone } = market;
  const note = noteOf(market);
  return (
    <tr data-testid={`market-${country}`} data-status={market.status}>
      <th scope="row">
        <button
          type="button"
          className={classes.name}
          aria-pressed={isChosen}
          title={`${country}: show it in the header`}
          onClick={() => onChoose(country)}
        >
          {display_name}
        </button>
        <span className={classes.second} data-testid={`note-${country}`} data-special={note?.isSpecial}>
          {note?.text ?? `${country.replaceAll('_', ' ')}, ${market.currency}`}
        </span>
      </th>
      <td data-testid={`status-${country}`}>
        <StatusWord market={market} />
        <span className={classes.second}>
          <PhaseWord market={market} />
        </span>
      </td>
      <td>
        <span data-testid={`time-${country}`}>
          <LocalTime zone={timezone} />
        </span>
        <span className={classes.second}>
          <LocalWeekday zone={timezone} />
        </span>
      </td>
      <td>
        <span data-testid={`next-${country}`}>
          <Countdown market={market} />
        </span>
        <span className={classes.second}>
          <NextAt market={market} />
        </span>
      </td>
      <td data-column="weight">{Number(market.weight) > 0 ? sharePercent(Number(market.weight)) : UNKNOWN}</td>
    </tr>
  );
});
