import { Link } from '@tanstack/react-router';
import type { SessionRow } from '@/api/marketOpen';
import table from '@/shared/table.module.css';
import { SessionRows } from '../shared/SessionRows';
import { usePrecision } from '../shared/useInstruments';
import { COLUMNS, type Column, dateWords } from './columns';
import classes from './history.module.css';
import { nextSort, type Sorting, writeSort } from './historySearch';

export interface RowsProps {
  rows: readonly SessionRow[];
  sorting: Sorting;
  onSort: (sort: string | undefined) => void;
  /** The session that is unfolded. */
  open: string | undefined;
  onOpen: (sessionId: string | undefined) => void;
}

/** The sessions, one line each; a line unfolds to its rows. */
export function HistoryTable({ rows, sorting, onSort, open, onOpen }: RowsProps) {
  return (
    <div className={classes.scroll}>
      <table className={`${table.table} ${classes.table}`} data-testid="history-table" aria-label="Sessions">
        <colgroup>
          <col className={classes.foldColumn} />
          {COLUMNS.map(({ id, width }) => (
            <col key={id} style={{ width }} />
          ))}
        </colgroup>
        <thead>
          <tr>
            <td />
            {COLUMNS.map((column) => (
              <Head key={column.id} column={column} sorting={sorting} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.session_id} row={row} isOpen={row.session_id === open} onOpen={onOpen} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const ORDER_WORDS = { true: 'descending', false: 'ascending' } as const;

interface HeadProps {
  column: Column;
  sorting: Sorting;
  onSort: RowsProps['onSort'];
}

function Head({ column, sorting, onSort }: HeadProps) {
  const { header, title, align, sort } = column;
  const isSorted = sort === sorting.id;
  return (
    <th scope="col" data-align={align} title={title} aria-sort={isSorted ? ORDER_WORDS[`${sorting.desc}`] : undefined}>
      {sort ? (
        <button
          type="button"
          className={classes.head}
          data-sorted={isSorted || undefined}
          onClick={() => onSort(writeSort(nextSort(sorting, sort)))}
        >
          {header}
          <span aria-hidden="true">{isSorted ? (sorting.desc ? ' ↓' : ' ↑') : ''}</span>
        </button>
      ) : (
        header
      )}
    </th>
  );
}

interface RowProps {
  row: SessionRow;
  isOpen: boolean;
  onOpen: RowsProps['onOpen'];
}

function Row({ row, isOpen, onOpen }: RowProps) {
  const precision = usePrecision()(row.traded_symbol);
  return (
    <>
      <tr className={classes.row} data-testid={`history-${row.session_id}`} data-open={isOpen || undefined}>
        <td>
          <FoldButton row={row} isOpen={isOpen} onOpen={onOpen} />
        </td>
        {COLUMNS.map(({ id, align, cell }) => (
          <td key={id} data-align={align}>
            {cell(row, precision)}
          </td>
        ))}
      </tr>
      {isOpen && (
        <tr className={classes.unfolded}>
          <td colSpan={COLUMNS.length + 1}>
            <Unfolded row={row} />
          </td>
        </tr>
      )}
    </>
  );
}

/** Shows and hides the rows of a session. */
export function FoldButton({ row, isOpen, onOpen }: RowProps) {
  const { session_id: id, display_name: market } = row;
  return (
    <button
      type="button"
      className={classes.fold}
      data-fold={id}
      aria-expanded={isOpen}
      aria-label={`Rows of ${market}, ${dateWords(row)}`}
      onClick={() => onOpen(isOpen ? undefined : id)}
    >
      <span aria-hidden="true">{isOpen ? '▾' : '▸'}</span>
    </button>
  );
}

/** The 12 rows of a session, and the way to its page. */
export function Unfolded({ row }: { row: SessionRow }) {
  return (
    <div className={classes.inside} data-testid={`rows-${row.session_id}`}>
      <p className={classes.insideTop}>
        <strong>
          {row.display_name}, {dateWords(row)}
        </strong>
        <span>{row.status}</span>
        <span>{row.resolution_reason || row.reason}</span>
        <Link to="/futures/market-open/session/$sessionId" params={{ sessionId: row.session_id }}>
          The session in full: its price path and why
        </Link>
      </p>
      <SessionRows sessionId={row.session_id} />
    </div>
  );
}
