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
import type { BoardSearch } from './boardSearch';
import classes from './futures.module.css';
import { useBoardKeys } from './useBoardKeys';
import { useBoardTable } from './useBoardTable';

interface FuturesPageProps {
  search: BoardSearch;
  /** Replaces the given parts of the address. */
  onSearch: (change: { sort?: string | undefined; q?: string | undefined }) => void;
}

/** Future Trading: the tracked instruments, live. */
export function FuturesPage(props: FuturesPageProps) {
  const { data, error, refetch, isFetching } = useQuery(instrumentsQuery);
  return (
    <main className={classes.page}>
      {data && data.length > 0 ? (
        <LiveBoard instruments={data} {...props} />
      ) : (
        <>
          <h1 className={classes.heading}>Future Trading</h1>
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
    </main>
  );
}

function LiveBoard({ instruments, search, onSearch }: FuturesPageProps & { instruments: readonly Instrument[] }) {
  const tableRef = useRef<HTMLTableElement>(null);
  const filterRef = useRef<HTMLInputElement>(null);
  const filter = search.q ?? '';
  const table = useBoardTable({ instruments, sort: search.sort, filter, onSort: (sort) => onSearch({ sort }) });
  useBoardKeys(tableRef, filterRef);
  const isEmpty = table.getRowModel().rows.length === 0;
  return (
    <>
      <div className={classes.bar}>
        <h1 className={classes.heading}>Future Trading</h1>
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
