import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { type Instrument, instrumentsQuery } from '@/api/queries';
import { useDeskSilent, useLive } from '@/live/hooks';
import { boardQuery, seriesQuery, snapshotQuery } from '@/live/snapshot';
import { ProblemAlert } from '@/shared/ProblemAlert';
import { useMeasured } from '@/shared/useMeasured';
import { Board } from './Board';
import { BoardCards } from './BoardCards';
import { BoardSkeleton } from './BoardSkeleton';
import { type BoardSearch, type OnBoardSearch, readColumns, VIEWS, type View } from './boardSearch';
import { type ColumnId, fittingColumns, inOrder } from './columns';
import classes from './futures.module.css';
import { Heatmap } from './Heatmap';
import { Toolbar } from './Toolbar';
import { TotalStrip } from './TotalStrip';
import { useBoardKeys } from './useBoardKeys';
import { useBoardTable } from './useBoardTable';
import type { ViewProps } from './useItemAttributes';

interface FuturesBoardProps {
  /** The level of its heading: on a page of its own it names the page. */
  heading: 'h1' | 'h2';
  /** What it shows unless the address says otherwise, and whether it shares the page. */
  defaultView: View;
  isSmall?: boolean;
  search: BoardSearch;
  onSearch: OnBoardSearch;
  /** Symbols in the order shown, for who steps through them. */
  onOrder?: (symbols: readonly string[]) => void;
}

/** The tracked instruments, live, as table, cards or heatmap; loading, empty and failed states too. */
export function FuturesBoard(props: FuturesBoardProps) {
  const { data, error, refetch, isFetching } = useQuery(instrumentsQuery);
  const Heading = props.heading;
  return (
    <section className={classes.board} aria-label="Future Trading">
      {data && data.length > 0 ? (
        <LiveBoard instruments={data} {...props} />
      ) : (
        <>
          <Heading className={classes.heading}>Future Trading</Heading>
          {error && (
            <ProblemAlert
              what="Instruments could not be loaded"
              error={error}
              onRetry={() => void refetch()}
              retrying={isFetching}
            />
          )}
          {!error && !data && <BoardSkeleton />}
          {data && (
            <Note testId="futures-empty">
              No instrument is tracked. Run “thor seed_instruments”, or track one in the admin.
            </Note>
          )}
        </>
      )}
    </section>
  );
}

/** Below this width of the board the columns no longer fit, and rows have two lines. */
const COMPACT_BELOW_PX = 680;

/** Names of the columns that fit; empty where rows have two lines. */
function layoutOf(widthPx: number): string {
  return widthPx < COMPACT_BELOW_PX ? '' : fittingColumns(widthPx).join('.');
}

const BEFORE_MEASURED = layoutOf(1200);

/** The table's columns: those that were chosen, or as many as fit; none where rows have two lines. */
function useColumns(layout: string, cols: string | undefined): readonly ColumnId[] {
  return useMemo(() => {
    if (layout === '') return [];
    const chosen = readColumns(cols);
    return chosen ? inOrder(chosen) : (readColumns(layout) ?? []);
  }, [layout, cols]);
}

function LiveBoard({
  instruments,
  search,
  onSearch,
  ...props
}: FuturesBoardProps & { instruments: readonly Instrument[] }) {
  const { defaultView, isSmall = false, onOrder } = props;
  const body = useRef<HTMLDivElement>(null);
  const filterRef = useRef<HTMLInputElement>(null);
  const [columnsOpen, setColumnsOpen] = useState(false);
  const [focused, setFocused] = useState<string>();
  const layout = useMeasured(body, layoutOf, BEFORE_MEASURED);
  const shown = useColumns(layout, search.cols);
  const filter = search.q ?? '';
  const view = search.view ?? defaultView;
  const table = useBoardTable({ instruments, sort: search.sort, filter, onSort: (sort) => onSearch({ sort }) });
  const symbols = table.getRowModel().rows.map(({ id }) => id);
  useReported(symbols, onOrder);
  const setView = (next: View) => onSearch({ view: next === defaultView ? undefined : next }, true);
  useBoardKeys(body, filterRef, {
    onOpen: (symbol) => onSearch({ symbol }, search.symbol === undefined),
    onMove: (symbol) => search.symbol !== undefined && onSearch({ symbol }),
    onClose: () => search.symbol !== undefined && onSearch({ symbol: undefined }, true),
    isOpen: search.symbol !== undefined,
    onView: () => setView(VIEWS[(VIEWS.indexOf(view) + 1) % VIEWS.length] as View),
    onColumns: () => view === 'table' && shown.length > 0 && setColumnsOpen(true),
  });
  const isSilent = useDeskSilent();
  const tabStop = [focused, search.symbol].find((each) => each && symbols.includes(each)) ?? symbols[0];
  const viewProps: ViewProps = { table, tabStop, opened: search.symbol };
  return (
    <div className={classes.live} data-desk={isSilent ? 'silent' : 'heard'}>
      <Toolbar
        {...{ instruments, search, onSearch, view, filterRef, shown, columnsOpen }}
        heading={props.heading}
        onView={setView}
        onColumnsOpen={setColumnsOpen}
      />
      <TotalStrip isSilent={isSilent} />
      <Problems />
      {/* Focus bubbles in React: one listener for all items. */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: it only remembers where the focus was */}
      <div ref={body} onFocus={(event) => setFocused(symbolOf(event.target))}>
        {symbols.length === 0 && (
          <Note testId="futures-no-match">
            No instrument matches “{filter}”.{' '}
            <Button size="compact-xs" variant="default" onClick={() => onSearch({ q: undefined })}>
              Clear the filter
            </Button>
          </Note>
        )}
        {symbols.length > 0 && view === 'table' && <Board {...viewProps} shown={shown} />}
        {symbols.length > 0 && view === 'cards' && <BoardCards {...viewProps} isSmall={isSmall} />}
        {symbols.length > 0 && view === 'heatmap' && <Heatmap {...viewProps} heat={search.heat ?? 'signal'} />}
      </div>
    </div>
  );
}

const symbolOf = (target: EventTarget & Element): string | undefined =>
  target.closest<HTMLElement>('[data-symbol]')?.dataset.symbol;

/** Reports the order whenever it is another. */
function useReported(symbols: readonly string[], onOrder: ((symbols: readonly string[]) => void) | undefined): void {
  const order = symbols.join(' ');
  useEffect(() => onOrder?.(order === '' ? [] : order.split(' ')), [order, onOrder]);
}

/** Also keeps snapshot, desk and sparklines loaded: the wire has them fetched anew after each reconnection. */
function Problems() {
  const { store, board } = useLive();
  const reads = [
    { what: 'The newest quotes could not be loaded', query: useQuery(snapshotQuery(store)) },
    { what: 'Signals, VWAP and 52 weeks could not be loaded', query: useQuery(boardQuery(board)) },
    { what: 'Sparklines could not be loaded', query: useQuery(seriesQuery(store)) },
  ];
  const failed = reads.find(({ query }) => query.error);
  if (!failed?.query.error) return null;
  const { what, query } = failed;
  return (
    <ProblemAlert
      what={what}
      error={failed.query.error}
      onRetry={() => void query.refetch()}
      retrying={query.isFetching}
    />
  );
}

function Note({ testId, children }: { testId: string; children: ReactNode }) {
  return (
    <p className={classes.note} data-testid={testId}>
      {children}
    </p>
  );
}
