import { useMemo } from 'react';
import table from '@/shared/table.module.css';
import { BoardRow } from './BoardRow';
import { COLUMNS, type Column, type ColumnId, columnsOf, sortableColumn, widthOf } from './columns';
import classes from './futures.module.css';
import type { BoardTable } from './useBoardTable';
import type { ViewProps } from './useItemAttributes';

interface BoardProps extends ViewProps {
  /** Empty: rows of two lines, for narrow screens. */
  shown: readonly ColumnId[];
}

/** The table of the tracked instruments. */
export function Board({ table: board, shown, tabStop, opened }: BoardProps) {
  const columns = useMemo(() => columnsOf(shown), [shown]);
  const compact = columns.length === 0;
  return (
    <div className={classes.scroll}>
      <table
        className={`${table.table} ${classes.table}`}
        style={{ minWidth: widthOf(shown) }}
        data-compact={compact}
        data-testid="futures-table"
        aria-label="Futures: live quotes"
      >
        {compact ? <CompactHead table={board} /> : <WideHead table={board} columns={columns} />}
        <tbody>
          {board.getRowModel().rows.map((row) => (
            <BoardRow
              key={row.id}
              instrument={row.original.instrument}
              columns={columns}
              isTabStop={row.id === tabStop}
              isOpen={row.id === opened}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function WideHead({ table: board, columns }: { table: BoardTable; columns: readonly Column[] }) {
  return (
    <>
      <colgroup>
        {columns.map(({ id, width }) => (
          <col key={id} data-column={id} style={id === 'symbol' ? undefined : { width }} />
        ))}
      </colgroup>
      <thead>
        <tr>
          {columns.map((column) => (
            <HeaderCell key={column.id} table={board} column={column} />
          ))}
        </tr>
      </thead>
    </>
  );
}

/** Two lines to a cell: each header names and sorts by the figures below it. */
const COMPACT_HEADS: readonly (readonly ColumnId[])[] = [
  ['symbol'],
  ['signal'],
  ['ask', 'bid'],
  ['last', 'change_pct'],
];

function CompactHead({ table: board }: { table: BoardTable }) {
  return (
    <thead>
      <tr>
        {COMPACT_HEADS.map((ids, i) => (
          <th key={ids[0]} scope="col" data-align={i < 2 ? 'left' : 'right'}>
            <span className={classes.line}>
              {ids
                .flatMap((id) => COLUMNS.filter((column) => column.id === id))
                .map((column) => (
                  <SortButton key={column.id} table={board} column={column} />
                ))}
            </span>
          </th>
        ))}
      </tr>
    </thead>
  );
}

const ARIA_SORT = { asc: 'ascending', desc: 'descending' } as const;

function HeaderCell({ table: board, column }: { table: BoardTable; column: Column }) {
  const sorted = board.getColumn(column.id)?.getIsSorted() || null;
  return (
    <th
      scope="col"
      data-column={column.id}
      data-align={column.align}
      title={column.title}
      aria-sort={sorted ? ARIA_SORT[sorted] : undefined}
    >
      <SortButton table={board} column={column} />
    </th>
  );
}

function SortButton({ table: board, column }: { table: BoardTable; column: Column }) {
  if (!sortableColumn(column.id)) return <span className={classes.head}>{column.header}</span>;
  const sorted = board.getColumn(column.id)?.getIsSorted();
  return (
    <button
      type="button"
      className={classes.head}
      data-sorted={sorted || undefined}
      onClick={() => board.getColumn(column.id)?.toggleSorting()}
    >
      {column.header}
      {sorted && <span aria-hidden="true">{sorted === 'asc' ? ' ↑' : ' ↓'}</span>}
    </button>
  );
}
