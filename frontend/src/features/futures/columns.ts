/** The board's columns: what they are called, how they sort, how wide they are, which give way first. */

import type { BoardRow } from '@/live/board';
import { SIGNAL_WORDS } from '@/shared/signals';
import { deskView } from './deskView';
import { placeIn } from './range';
import type { RowView } from './rowView';

/** What a row is sorted by. */
export interface BoardFigures {
  readonly view: RowView;
  readonly desk: BoardRow | undefined;
}

type SortValue = string | number | undefined;

export interface Column {
  readonly id: ColumnId;
  readonly header: string;
  /** The header in full, where it is short. */
  readonly name?: string | undefined;
  /** What it says. */
  readonly title?: string | undefined;
  readonly align: 'left' | 'right';
  /** Width in pixels; fixed, so that a longer number never moves its neighbours. The symbol's takes what is left. */
  readonly width: number;
  /** Columns give way to those of a lower rank where there is no room; without one it shows only when it is chosen. */
  readonly rank?: number | undefined;
  /** What it sorts by; undefined sorts last. Columns without it do not sort. */
  readonly sortBy?: ((row: BoardFigures) => SortValue) | undefined;
  /** Whether the values move with the quotes, so that a sorted board must be sorted again. */
  readonly isLive: boolean;
  /** Whether it is the desk that says it. */
  readonly isDesk: boolean;
}

type Facts = Partial<Pick<Column, 'align' | 'width' | 'rank' | 'name' | 'title' | 'isLive'>>;

const known = (value: number | null | undefined): SortValue => value ?? undefined;

/** A column of the quote. */
function quoted<I extends string>(id: I, header: string, sortBy: ((view: RowView) => SortValue) | null, facts: Facts) {
  const sort = sortBy ? ({ view }: BoardFigures) => sortBy(view) : undefined;
  return { id, header, align: 'right', width: 84, isLive: true, isDesk: false, sortBy: sort, ...facts } as const;
}

/** A column of the desk. */
function desked<I extends string>(
  id: I,
  header: string,
  sortBy: (desk: BoardRow | undefined) => SortValue,
  facts: Facts,
) {
  const sort = ({ desk }: BoardFigures) => sortBy(desk);
  return { id, header, align: 'right', width: 76, isLive: true, isDesk: true, sortBy: sort, ...facts } as const;
}

/** Where the last lies in the day's or the year's range. */
const placeOf = (span: 'day' | 'year') => (desk: BoardRow | undefined) => {
  const { low, high, last } = deskView(desk)[span];
  return known(placeIn(low, high, last));
};

const DEFINED = [
  quoted('symbol', 'Symbol', (view) => view.symbol, { align: 'left', width: 56, rank: 0, isLive: false }),
  desked('signal', 'Signal', (desk) => (desk?.signal ? SIGNAL_WORDS[desk.signal].strength : undefined), {
    align: 'left',
    width: 114,
    rank: 3,
    title: 'What the change says, by the instrument’s thresholds',
  }),
  quoted('last', 'Last', (view) => known(view.last), { rank: 1 }),
  quoted('change', 'Change', (view) => known(view.change?.points), {
    width: 90,
    rank: 4,
    title: 'Net change in points; the cell says from what',
  }),
  quoted('change_pct', 'Chg %', (view) => known(view.change?.percent), {
    name: 'Change %',
    width: 66,
    rank: 2,
    title: 'Net change in per cent',
  }),
  quoted('bid', 'Bid', (view) => known(view.bid), { rank: 5 }),
  quoted('bid_size', 'B size', (view) => known(view.bidSize), {
    name: 'Bid size',
    width: 48,
    rank: 11,
    title: 'Bid size in contracts',
  }),
  quoted('ask', 'Ask', (view) => known(view.ask), { rank: 6 }),
  quoted('ask_size', 'A size', (view) => known(view.askSize), {
    name: 'Ask size',
    width: 48,
    rank: 12,
    title: 'Ask size in contracts',
  }),
  quoted('spread_ticks', 'Sprd t', (view) => known(view.spreadTicks), {
    name: 'Spread in ticks',
    width: 50,
    rank: 13,
    title: 'Ask minus bid, in ticks',
  }),
  quoted('spread', 'Spread', (view) => known(view.spread), {
    name: 'Spread in points',
    width: 68,
    title: 'Ask minus bid, in points',
  }),
  desked('vwap', 'VWAP', (desk) => known(desk?.vwap), {
    width: 84,
    rank: 17,
    title: 'Volume-weighted average price of the trade date',
  }),
  desked('vwap_distance', 'To VWAP', (desk) => known(desk?.vwap_distance_pct), {
    name: 'Distance to VWAP',
    rank: 9,
    title: 'Last minus VWAP, in points; sorted by per cent',
  }),
  desked('day_range', 'Day range', placeOf('day'), {
    align: 'left',
    width: 104,
    rank: 8,
    title: 'Where the last lies between the low and the high of the trade date; the tick is VWAP',
  }),
  desked('year_range', '52 weeks', placeOf('year'), {
    align: 'left',
    width: 104,
    rank: 10,
    title: 'Where the last lies between the low and the high of 52 weeks',
  }),
  quoted('high', 'High', (view) => known(view.high), { title: 'High of the session, as the source says it' }),
  quoted('low', 'Low', (view) => known(view.low), { title: 'Low of the session, as the source says it' }),
  quoted('open', 'Open', (view) => known(view.open), { title: 'Open of the session' }),
  quoted('settlement', 'Settled', (view) => known(view.settlement), {
    name: 'Settlement',
    rank: 18,
    title: 'Prior settlement',
  }),
  quoted('close', 'Prev close', (view) => known(view.close), { name: 'Previous close', title: 'Previous close' }),
  quoted('volume', 'Volume', (view) => known(view.volume), {
    width: 80,
    rank: 14,
    title: 'Contracts traded in the session',
  }),
  desked('stat_value', 'Stat', (desk) => known(desk?.stat_value), {
    name: 'Stat value',
    width: 62,
    title: 'Threshold value of the signal',
  }),
  desked('signal_weight', 'Weight', (desk) => known(desk?.signal_weight), {
    name: 'Signal weight',
    width: 56,
    rank: 19,
    title: 'What the signal counts in TOTAL, -2 to +2; of VX, DX, GC and ZB with the sign turned',
  }),
  desked('contract_weight', 'C weight', (desk) => known(desk?.contract_weight), {
    name: 'Contract weight',
    width: 66,
    title: 'Contract weight in TOTAL’s weighted sums',
  }),
  quoted('trend', '5 min', null, {
    name: 'Sparkline',
    align: 'left',
    rank: 15,
    isLive: false,
    title: 'Last prices of the past minutes',
  }),
  quoted('age', 'Age', (view) => (view.ts === null ? undefined : -view.ts), {
    width: 82,
    rank: 7,
    title: 'Time since the quote’s own time',
  }),
  quoted('source', 'Source', (view) => view.source ?? undefined, { align: 'left', width: 66, rank: 16 }),
] as const;

export type ColumnId = (typeof DEFINED)[number]['id'];

/** All columns, in their order. */
export const COLUMNS: readonly Column[] = DEFINED;

const BY_ID: ReadonlyMap<string, Column> = new Map(COLUMNS.map((column) => [column.id, column]));

/** The column that can sort by this id, or undefined. */
export function sortableColumn(id: string | undefined): Column | undefined {
  const column = id === undefined ? undefined : BY_ID.get(id);
  return column?.sortBy && column;
}

export function isSortable(id: string): id is ColumnId {
  return sortableColumn(id) !== undefined;
}

export function isColumnId(id: string): id is ColumnId {
  return BY_ID.has(id);
}

const RANKED = COLUMNS.filter(({ rank }) => rank !== undefined).toSorted((a, b) => (a.rank ?? 0) - (b.rank ?? 0));
/** Room for the instrument's name beside its symbol, once everything else fits. */
const NAME_PX = 96;

/** As many columns as fit into a width, the important ones first; never less than the symbol and its last. */
export function fittingColumns(widthPx: number): readonly ColumnId[] {
  let left = widthPx - NAME_PX;
  const fitting = new Set<ColumnId>();
  for (const { id, width } of RANKED) {
    left -= width;
    if (left < 0 && fitting.size >= 2) break;
    fitting.add(id);
  }
  return inOrder(fitting);
}

/** Ids in the order of the columns, the symbol always first. */
export function inOrder(ids: Iterable<ColumnId>): readonly ColumnId[] {
  const wanted = new Set<ColumnId>(ids).add('symbol');
  return COLUMNS.flatMap(({ id }) => (wanted.has(id) ? id : []));
}

export function columnsOf(ids: readonly ColumnId[]): readonly Column[] {
  return ids.flatMap((id) => BY_ID.get(id) ?? []);
}

/** So wide a table of these columns must be at least. */
export function widthOf(ids: readonly ColumnId[]): number {
  return columnsOf(ids).reduce((sum, { width }) => sum + width, 0);
}
