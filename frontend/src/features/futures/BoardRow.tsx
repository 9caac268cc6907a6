import { memo, useMemo } from 'react';
import type { Instrument } from '@/api/queries';
import { useQuote } from '@/live/hooks';
import { Age, ChangePercent, ChangePoints, cellOf, Flags, Price, SourceName, useFreshness } from './cells';
import { COLUMNS } from './columns';
import classes from './futures.module.css';
import { type RowView, rowView } from './rowView';
import { Sparkline } from './Sparkline';

interface BoardRowProps {
  instrument: Instrument;
  /** Few columns of two lines each, for narrow screens. */
  compact: boolean;
  /** Whether Tab reaches this row; the arrow keys reach the others. */
  isTabStop: boolean;
  onFocus: (symbol: string) => void;
}

/** One instrument; renders when its quote changes, and not when another one's does. */
export const BoardRow = memo(function BoardRow({ instrument, compact, isTabStop, onFocus }: BoardRowProps) {
  const entry = useQuote(instrument.symbol);
  const view = useMemo(() => rowView(instrument, entry?.quote), [instrument, entry]);
  const state = useFreshness(view.ts);
  return (
    <tr
      className={classes.row}
      data-testid={`row-${view.symbol}`}
      data-symbol={view.symbol}
      data-freshness={view.hasQuote ? state : 'none'}
      tabIndex={isTabStop ? 0 : -1}
      onFocus={() => onFocus(view.symbol)}
    >
      {compact ? <CompactCells view={view} /> : <WideCells view={view} />}
    </tr>
  );
});

const testId = (view: RowView, column: string): string => `cell-${view.symbol}-${column}`;

function WideCells({ view }: { view: RowView }) {
  return COLUMNS.map(({ id, align }) => (
    <td key={id} data-testid={testId(view, id)} data-column={id} data-align={align}>
      {cellOf(id, view)}
    </td>
  ));
}

function CompactCells({ view }: { view: RowView }) {
  return (
    <>
      <td data-align="left">
        <span className={classes.line}>
          <span className={classes.symbol} data-testid={testId(view, 'symbol')}>
            {view.symbol}
          </span>
          <span className={classes.small} data-testid={testId(view, 'source')}>
            <SourceName source={view.source} />
          </span>
        </span>
        <span className={classes.line}>
          <span className={classes.small} data-testid={testId(view, 'age')}>
            <Age view={view} />
          </span>
          <Flags view={view} letters />
        </span>
      </td>
      <td data-align="left" data-testid={testId(view, 'trend')}>
        <Sparkline symbol={view.symbol} />
      </td>
      <td data-align="right">
        <span className={classes.small} data-testid={testId(view, 'ask')}>
          <Price value={view.ask} precision={view.precision} flash />
        </span>
        <span className={classes.small} data-testid={testId(view, 'bid')}>
          <Price value={view.bid} precision={view.precision} flash />
        </span>
      </td>
      <td data-align="right">
        <span className={classes.lastLine} data-testid={testId(view, 'last')}>
          <Price value={view.last} precision={view.precision} flash />
        </span>
        <span className={classes.line}>
          <span data-testid={testId(view, 'change')}>
            <ChangePoints view={view} />
          </span>
          <span data-testid={testId(view, 'change_pct')}>
            <ChangePercent view={view} />
          </span>
        </span>
      </td>
    </>
  );
}
