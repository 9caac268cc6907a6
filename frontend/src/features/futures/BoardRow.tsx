import { memo } from 'react';
import { Age, ChangePercent, ChangePoints, cellOf, Flags, Price, SourceName, SymbolButton } from './cells';
import type { Column } from './columns';
import { Suspect } from './deskCells';
import classes from './futures.module.css';
import type { RowView } from './rowView';
import { SignalBadge } from './SignalBadge';
import { type ItemProps, useItemAttributes } from './useItemAttributes';
import { useRowView } from './useRowView';

interface BoardRowProps extends ItemProps {
  /** Empty: few columns of two lines each, for narrow screens. */
  columns: readonly Column[];
}

/** One instrument; renders when its quote changes, and not when another one's does. */
export const BoardRow = memo(function BoardRow({ instrument, columns, isTabStop, isOpen }: BoardRowProps) {
  const view = useRowView(instrument);
  return (
    <tr className={classes.row} {...useItemAttributes(view, isTabStop, isOpen)}>
      {columns.length === 0 ? <CompactCells view={view} /> : <WideCells view={view} columns={columns} />}
    </tr>
  );
});

const testId = (view: RowView, column: string): string => `cell-${view.symbol}-${column}`;

function WideCells({ view, columns }: { view: RowView; columns: readonly Column[] }) {
  return columns.map(({ id, align, isDesk }) => (
    <td
      key={id}
      data-testid={testId(view, id)}
      data-column={id}
      data-align={align}
      data-desk-cell={isDesk || undefined}
    >
      {cellOf(id, view)}
    </td>
  ));
}

function CompactCells({ view }: { view: RowView }) {
  return (
    <>
      <td data-align="left">
        <span className={classes.line}>
          <span data-testid={testId(view, 'symbol')}>
            <SymbolButton view={view} />
          </span>
          <span className={classes.small} data-testid={testId(view, 'age')}>
            <Age view={view} />
          </span>
        </span>
        <span className={classes.line}>
          <span className={classes.small} data-testid={testId(view, 'source')}>
            <SourceName source={view.source} />
          </span>
          <Flags view={view} letters />
        </span>
      </td>
      <td data-align="left" data-testid={testId(view, 'signal')}>
        <SignalBadge symbol={view.symbol} />
        <span className={classes.line}>
          <Suspect symbol={view.symbol} />
        </span>
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
