import { Button, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useMemo, useRef } from 'react';
import { type Instrument, instrumentsQuery } from '@/api/queries';
import { useLive, useQuoteCount } from '@/live/hooks';
import { seriesQuery, snapshotQuery } from '@/live/snapshot';
import { SearchIcon } from '@/shared/icons';
import { ProblemAlert } from '@/shared/ProblemAlert';
import { Board } from './Board';
import { BoardSkeleton } from './BoardSkeleton';
import type { BoardSearch, OnBoardSearch } from './boardSearch';
import classes from './futures.module.css';
import { useBoardKeys } from './useBoardKeys';
import { useBoardTable } from './useBoardTable';

interface FuturesBoardProps {
  /** The level of its heading: on a page of its own it names the page. */
  heading: 'h1' | 'h2';
  search: BoardSearch;
  onSearch: OnBoardSearch;
}

/** The tracked instruments, live, with their filter; loading, empty and failed states too. */
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

function LiveBoard({
  instruments,
  heading: Heading,
  search,
  onSearch,
}: FuturesBoardProps & { instruments: readonly Instrument[] }) {
  const tableRef = useRef<HTMLTableElement>(null);
  const filterRef = useRef<HTMLInputElement>(null);
  const filter = search.q ?? '';
  const table = useBoardTable({ instruments, sort: search.sort, filter, onSort: (sort) => onSearch({ sort }) });
  useBoardKeys(tableRef, filterRef);
  const isEmpty = table.getRowModel().rows.length === 0;
  return (
    <>
      <div className={classes.bar}>
        <Heading className={classes.heading}>Future Trading</Heading>
        <QuoteCount instruments={instruments} />
        <TextInput
          ref={filterRef}
          className={classes.filter}
          size="xs"
          type="search"
          placeholder="Filter"
          aria-label="Filter symbols"
          aria-keyshortcuts="/"
          title="Filter symbols: press / to come here, Escape to leave"
          leftSection={<SearchIcon size={14} />}
          value={filter}
          onChange={(event) => onSearch({ q: event.currentTarget.value || undefined })}
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return;
            onSearch({ q: undefined });
            event.currentTarget.blur();
          }}
        />
      </div>
      <SnapshotProblem />
      {isEmpty ? (
        <Note testId="futures-no-match">
          No instrument matches “{filter}”.{' '}
          <Button size="compact-xs" variant="default" onClick={() => onSearch({ q: undefined })}>
            Clear the filter
          </Button>
        </Note>
      ) : (
        <div className={classes.scroll}>
          <Board table={table} tableRef={tableRef} />
        </div>
      )}
    </>
  );
}

/** "9 of 11 quoted", while some are missing. */
function QuoteCount({ instruments }: { instruments: readonly Instrument[] }) {
  const symbols = useMemo(() => instruments.map(({ symbol }) => symbol), [instruments]);
  const quoted = useQuoteCount(symbols);
  if (quoted === symbols.length) return null;
  return <span className={classes.count}>{`${quoted} of ${symbols.length} quoted`}</span>;
}

/** Also keeps snapshot and sparklines loaded: the wire has them fetched anew after each reconnection. */
function SnapshotProblem() {
  const { store } = useLive();
  const snapshot = useQuery(snapshotQuery(store));
  const series = useQuery(seriesQuery(store));
  const failed = snapshot.error ? snapshot : series.error ? series : null;
  if (!failed?.error) return null;
  return (
    <ProblemAlert
      what={snapshot.error ? 'The newest quotes could not be loaded' : 'Sparklines could not be loaded'}
      error={failed.error}
      onRetry={() => void failed.refetch()}
      retrying={failed.isFetching}
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
