import { type RefObject, useCallback, useState } from 'react';
import { useIsNarrow } from '@/shared/useIsNarrow';
import { BoardRow } from './BoardRow';
import { COLUMNS, type Column, sortableColumn } from './columns';
import classes from './futures.module.css';
import type { BoardTable } from './useBoardTable';

/** Below this width of the board the columns no longer fit, and rows have two lines. */
const COMPACT_BELOW_PX = 680;

interface BoardProps {
  table: BoardTable;
  tableRef: RefObject<HTMLTableElement | null>;
}

/** The table of the tracked instruments. */
export function Board({ table, tableRef }: BoardProps) {
  const compact = useIsNarrow(tableRef, COMPACT_BELOW_PX);
  const [focused, setFocused] = useState<string | null>(null);
  const onFocus = useCallback((symbol: string) => setFocused(symbol), []);
  const rows = table.getRowModel().rows;
  const tabStop = rows.some((row) => row.id === focused) ? focused : rows[0]?.id;
  return (
    <table
      ref={tableRef}
      className={classes.table}
      data-compact={compact}
      data-testid="futures-table"
      aria-label="Futures: live quotes"
    >
      {compact ? <CompactHead table={table} /> : <WideHead table={table} />}
      <tbody>
        {rows.map((row) => (
          <BoardRow
            key={row.id}
            instrument={row.original.instrument}
            compact={compact}
            isTabStop={row.id === tabStop}
            onFocus={onFocus}
          />
        ))}
      </tbody>
    </table>
  );
}

function WideHead({ table }: { table: BoardTable }) {
  return (
    <>
      <colgroup>
        {COLUMNS.map(({ id, width }) => (
          <col key={id} data-column={id} style={{ width }} />
        ))}
      </colgroup>
      <thead>
        <tr>
          {COLUMNS.map((column) => (
            <HeaderCell key={column.id} table={table} column={column} />
          ))}
        </tr>
      </thead>
    </>
  );
}

/** Two lines to a cell: each header names and sorts by the figures below it. */
const COMPACT_HEADS = [['symbol', 'age'], ['trend'], ['ask', 'bid'], ['last', 'change_pct']] as const;

function CompactHead({ table }: { table: BoardTable }) {
  return (
    <thead>
      <tr>
        {COMPACT_HEADS.map((ids, i) => {
          const columns = COLUMNS.filter(({ id }) => (ids as readonly string[]).includes(id)).toSorted(
            (a, b) => (ids as readonly string[]).indexOf(a.id) - (ids as readonly string[]).indexOf(b.id),
          );
          return (
            <th key={ids[0]} scope="col" data-align={i < 2 ? 'left' : 'right'}>
              <span className={classes.line}>
                {columns.map((column) => (
                  <SortButton key={column.id} table={table} column={column} />
                ))}
              </span>
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

const ARIA_SORT = { asc: 'ascending', desc: 'descending' } as const;

function HeaderCell({ table, column }: { table: BoardTable; column: Column }) {
  const sorted = table.getColumn(column.id)?.getIsSorted() || null;
  return (
    <th
      scope="col"
      data-column={column.id}
      data-align={column.align}
      title={column.title}
      aria-sort={sorted ? ARIA_SORT[sorted] : undefined}
    >
      <SortButton table={table} column={column} />
    </th>
  );
}

function SortButton({ table, column }: { table: BoardTable; column: Column }) {
  if (!sortableColumn(column.id)) return <span className={classes.head}>{column.header}</span>;
  const sorted = table.getColumn(column.id)?.getIsSorted();
  return (
    <button
      type="button"
      className={classes.head}
      data-sorted={sorted || undefined}
      onClick={() => table.getColumn(column.id)?.toggleSorting()}
    >
      {column.header}
      {sorted && <span aria-hidden="true">{sorted === 'asc' ? ' ↑' : ' ↓'}</span>}
    </button>
  );
}
