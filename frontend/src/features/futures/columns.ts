/** The board's columns: what they are called, how they sort, how wide they are. */

import type { RowView } from './rowView';

export type ColumnId =
  | 'symbol'
  | 'last'
  | 'change'
  | 'change_pct'
  | 'bid'
  | 'bid_size'
  | 'ask'
  | 'ask_size'
  | 'spread'
  | 'high'
  | 'low'
  | 'open'
  | 'close'
  | 'volume'
  | 'trend'
  | 'age'
  | 'source';

export interface Column {
  readonly id: ColumnId;
  readonly header: string;
  /** The header in full, where it is short. */
  readonly title?: string;
  readonly align: 'left' | 'right';
  /** Width in pixels; fixed, so that a longer number never moves its neighbours. Without one it takes what is left. */
  readonly width?: number;
  /** What it sorts by; undefined sorts last. Columns without it do not sort. */
  readonly sortBy?: (view: RowView) => string | number | undefined;
  /** Whether the values move with the quotes, so that a sorted board must be sorted again. */
  readonly isLive: boolean;
}

const number = (value: number | null | undefined): number | undefined => value ?? undefined;

/** All columns, in their order. On narrow screens the less important ones hide (futures.module.css). */
export const COLUMNS: readonly Column[] = [
  { id: 'symbol', header: 'Symbol', align: 'left', sortBy: (view) => view.symbol, isLive: false },
  { id: 'last', header: 'Last', align: 'right', width: 84, sortBy: (view) => number(view.last), isLive: true },
  {
    id: 'change',
    header: 'Change',
    title: 'Net change in points; the cell says from what',
    align: 'right',
    width: 90,
    sortBy: (view) => number(view.change?.points),
    isLive: true,
  },
  {
    id: 'change_pct',
    header: 'Chg %',
    title: 'Net change in per cent',
    align: 'right',
    width: 74,
    sortBy: (view) => number(view.change?.percent),
    isLive: true,
  },
  { id: 'bid', header: 'Bid', align: 'right', width: 84, sortBy: (view) => number(view.bid), isLive: true },
  {
    id: 'bid_size',
    header: 'B size',
    title: 'Bid size in contracts',
    align: 'right',
    width: 52,
    sortBy: (view) => number(view.bidSize),
    isLive: true,
  },
  { id: 'ask', header: 'Ask', align: 'right', width: 84, sortBy: (view) => number(view.ask), isLive: true },
  {
    id: 'ask_size',
    header: 'A size',
    title: 'Ask size in contracts',
    align: 'right',
    width: 52,
    sortBy: (view) => number(view.askSize),
    isLive: true,
  },
  {
    id: 'spread',
    header: 'Spread',
    title: 'Ask minus bid, in points',
    align: 'right',
    width: 68,
    sortBy: (view) => number(view.spread),
    isLive: true,
  },
  {
    id: 'high',
    header: 'High',
    title: 'High of the session',
    align: 'right',
    width: 84,
    sortBy: (view) => number(view.high),
    isLive: true,
  },
  {
    id: 'low',
    header: 'Low',
    title: 'Low of the session',
    align: 'right',
    width: 84,
    sortBy: (view) => number(view.low),
    isLive: true,
  },
  {
    id: 'open',
    header: 'Open',
    title: 'Open of the session',
    align: 'right',
    width: 84,
    sortBy: (view) => number(view.open),
    isLive: true,
  },
  {
    id: 'close',
    header: 'Prev close',
    title: 'Previous close',
    align: 'right',
    width: 84,
    sortBy: (view) => number(view.close),
    isLive: true,
  },
  {
    id: 'volume',
    header: 'Volume',
    title: 'Contracts traded in the session',
    align: 'right',
    width: 82,
    sortBy: (view) => number(view.volume),
    isLive: true,
  },
  { id: 'trend', header: '5 min', title: 'Last prices of the past minutes', align: 'left', width: 90, isLive: false },
  {
    id: 'age',
    header: 'Age',
    title: "Time since the quote's own time",
    align: 'right',
    width: 92,
    sortBy: (view) => (view.ts === null ? undefined : -view.ts),
    isLive: true,
  },
  {
    id: 'source',
    header: 'Source',
    align: 'left',
    width: 66,
    sortBy: (view) => view.source ?? undefined,
    isLive: true,
  },
];

const BY_ID: ReadonlyMap<string, Column> = new Map(COLUMNS.map((column) => [column.id, column]));

/** The column that can sort by this id, or undefined. */
export function sortableColumn(id: string | undefined): Column | undefined {
  const column = id === undefined ? undefined : BY_ID.get(id);
  return column?.sortBy && column;
}

export function isColumnId(id: string): id is ColumnId {
  return sortableColumn(id) !== undefined;
}
