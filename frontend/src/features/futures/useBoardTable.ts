import {
  createColumnHelper,
  createSortedRowModel,
  rowSortingFeature,
  sortFn_basic,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import { useMemo } from 'react';
import type { Instrument } from '@/api/queries';
import { useEverySecond, useLive } from '@/live/hooks';
import { readSorting, writeSorting } from './boardSearch';
import { type BoardFigures, COLUMNS, sortableColumn } from './columns';
import { matchesFilter, rowView } from './rowView';

/** The figures are as they were when the board was last sorted; the row itself shows the newest. */
interface BoardItem extends BoardFigures {
  readonly instrument: Instrument;
}

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { basic: sortFn_basic },
});

const helper = createColumnHelper<typeof features, BoardItem>();

const columns = COLUMNS.map(({ id, header, sortBy }) =>
  helper.accessor((item): unknown => sortBy?.(item), {
    id,
    header,
    sortFn: 'basic',
    sortUndefined: 'last',
    enableSorting: sortBy !== undefined,
    sortDescFirst: id !== 'symbol' && id !== 'source',
  }),
);

interface BoardOptions {
  readonly instruments: readonly Instrument[];
  readonly sort: string | undefined;
  readonly filter: string;
  readonly onSort: (sort: string | undefined) => void;
}

/**
 * The board's table: instruments that pass the filter, sorted.
 *
 * A board sorted by something that moves is sorted again once a second: rows that jump at every quote cannot be read.
 */
export function useBoardTable({ instruments, sort, filter, onSort }: BoardOptions) {
  const { store, board } = useLive();
  const isLive = sortableColumn(readSorting(sort)?.id)?.isLive ?? false;
  const second = useEverySecond((_session, now) => (isLive ? Math.floor(now / 1000) : 0));
  // biome-ignore lint/correctness/useExhaustiveDependencies: `second` is when to look at the store again
  const data = useMemo(
    () =>
      instruments
        .filter((instrument) => matchesFilter(instrument, filter))
        .map((instrument): BoardItem => {
          const desk = board.row(instrument.symbol);
          const baseline = desk && { price: desk.baseline, from: desk.baseline_from };
          return { instrument, desk, view: rowView(instrument, store.get(instrument.symbol)?.quote, baseline) };
        }),
    [instruments, filter, store, board, second],
  );
  const sorting = useMemo(() => {
    const wanted = readSorting(sort);
    return wanted ? [wanted] : [];
  }, [sort]);
  return useTable({
    features,
    columns,
    data,
    getRowId: (item) => item.instrument.symbol,
    state: { sorting },
    onSortingChange: (update) => onSort(writeSorting((typeof update === 'function' ? update(sorting) : update)[0])),
  });
}

export type BoardTable = ReturnType<typeof useBoardTable>;
