import { useQuery } from '@tanstack/react-query';
import { useMemo, useRef } from 'react';
import type { HistoryAnswer } from '@/api/marketOpen';
import { formatCount } from '@/shared/format';
import { ProblemAlert } from '@/shared/ProblemAlert';
import { useMeasured } from '@/shared/useMeasured';
import { historyQuery } from '../shared/queries';
import { CompactTable } from './CompactTable';
import { DownloadMenu } from './DownloadMenu';
import { FilterBar } from './FilterBar';
import { countFilters, filtersOf, NO_FILTERS } from './filters';
import { HistorySkeleton } from './HistorySkeleton';
import { HistoryTable } from './HistoryTable';
import classes from './history.module.css';
import { type HistorySearch, type OnHistorySearch, PAGE_SIZES, pagesOf, readSort, writeSort } from './historySearch';
import { Order } from './Order';
import { Paging } from './Paging';
import { SummaryLine } from './SummaryLine';
import { useHistoryKeys } from './useHistoryKeys';

interface HistoryPageProps {
  search: HistorySearch;
  onSearch: OnHistorySearch;
}

/** Below this width rows have two lines. */
const COMPACT_BELOW_PX = 1120;
const isNarrow = (widthPx: number): boolean => widthPx < COMPACT_BELOW_PX;

/** The sessions that were captured: filtered, in any order, page by page; each unfolds to its 12 rows. */
export function HistoryPage({ search, onSearch }: HistoryPageProps) {
  const page = search.page ?? 1;
  const size = search.size ?? PAGE_SIZES[0];
  const filters = filtersOf(search);
  const sort = writeSort(readSort(search.sort));
  const query = useQuery(historyQuery({ ...filters, ...(sort && { sort }), page, page_size: size }));
  const { data, error, refetch, isFetching, isPlaceholderData } = query;
  // Another set of sessions begins at its first page, with nothing unfolded.
  const onFilters = useMemo<OnHistorySearch>(
    () => (change, step) => onSearch({ page: undefined, open: undefined, ...change }, step),
    [onSearch],
  );
  return (
    <main className={classes.page} aria-busy={isPlaceholderData}>
      <div className={classes.top}>
        <h1 className={classes.heading}>History</h1>
        <FilterBar
          search={search}
          onSearch={onFilters}
          found={data && !isPlaceholderData ? `${formatCount(data.total)} sessions` : 'Counting…'}
        />
        <div className={classes.tools}>
          <DownloadMenu filters={filters} isEmpty={data?.total === 0} />
        </div>
      </div>
      {error && (
        <ProblemAlert
          what="The sessions could not be loaded"
          error={error}
          onRetry={() => void refetch()}
          retrying={isFetching}
        />
      )}
      {!data && !error && <HistorySkeleton />}
      {data && <Found data={data} page={page} size={size} {...{ search, onSearch, onFilters, isPlaceholderData }} />}
    </main>
  );
}

interface FoundProps extends HistoryPageProps {
  data: HistoryAnswer;
  page: number;
  size: number;
  onFilters: OnHistorySearch;
  isPlaceholderData: boolean;
}

function Found({ data, page, size, search, onSearch, onFilters, isPlaceholderData }: FoundProps) {
  const body = useRef<HTMLDivElement>(null);
  const isCompact = useMeasured(body, isNarrow, false);
  const pages = pagesOf(data.total, size);
  const sorting = readSort(search.sort);
  const goTo = (next: number) => onSearch({ page: next > 1 ? next : undefined, open: undefined }, true);
  useHistoryKeys(body, {
    onNext: () => page < pages && goTo(page + 1),
    onPrevious: () => page > 1 && goTo(page - 1),
    onClose: () => search.open && onSearch({ open: undefined }),
  });
  const rows = {
    rows: data.rows,
    sorting,
    onSort: (sort: string | undefined) => onSearch({ sort, page: undefined }),
    open: search.open,
    onOpen: (open: string | undefined) => onSearch({ open }),
  };
  const paging = { page, seen: data.page, pages, size, total: data.total, onPage: goTo };
  return (
    <div ref={body} className={classes.found} data-stale={isPlaceholderData || undefined}>
      <SummaryLine summary={data.summary} symbol={data.filters.symbol} />
      {data.rows.length === 0 ? (
        <Nothing search={search} total={data.total} onFilters={onFilters} onFirst={() => goTo(1)} />
      ) : (
        <>
          <div className={classes.above}>
            {isCompact && <Order sorting={sorting} onSort={rows.onSort} />}
            <Paging {...paging} onSize={(next) => onFilters({ size: next === PAGE_SIZES[0] ? undefined : next })} />
          </div>
          {isCompact ? <CompactTable {...rows} /> : <HistoryTable {...rows} />}
          {data.rows.length > 12 && <Paging {...paging} />}
        </>
      )}
    </div>
  );
}

interface NothingProps {
  search: HistorySearch;
  total: number;
  onFilters: OnHistorySearch;
  onFirst: () => void;
}

/** Nothing was captured yet, nothing matches, or the page lies behind the last. */
function Nothing({ search, total, onFilters, onFirst }: NothingProps) {
  if (total > 0) {
    return (
      <p className={classes.note} data-testid="history-past-end">
        There is no such page.{' '}
        <button type="button" className={classes.button} onClick={onFirst}>
          To the first
        </button>
      </p>
    );
  }
  if (countFilters(search) > 0) {
    return (
      <p className={classes.note} data-testid="history-no-match">
        No session matches.{' '}
        <button type="button" className={classes.button} onClick={() => onFilters(NO_FILTERS, true)}>
          Clear the filters
        </button>
      </p>
    );
  }
  return (
    <p className={classes.note} data-testid="history-empty">
      No open was captured yet. The next is captured as its market opens: see Today for when that is.
    </p>
  );
}
