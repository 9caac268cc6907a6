/** The part of History that lives in the address: filters, order, page, and the session that is unfolded. */

import { defined, textOf } from '@/shared/search';
import { type FilterSearch, readFilterSearch } from './filters';

/** Columns that the API sorts by. */
export const SORTS = [
  'opened_at',
  'country',
  'session_number',
  'bhs',
  'weight',
  'weighted_average',
  'entry_price',
  'wndw',
  'pnl_usd',
  'elapsed_sec',
] as const;
export type SortId = (typeof SORTS)[number];

export const PAGE_SIZES = [50, 100, 200, 500] as const;

export interface HistorySearch extends FilterSearch {
  /** With "-" before it for descending; absent: the newest first. */
  readonly sort?: string;
  /** From 1; absent: the first. */
  readonly page?: number;
  /** Rows of a page; absent: 50. */
  readonly size?: number;
  /** The session whose rows are shown. */
  readonly open?: string;
}

/** Replaces the given parts of the address; undefined takes one out. A `step` is one that "back" leads back from. */
export type OnHistorySearch = (
  change: { [K in keyof HistorySearch]?: HistorySearch[K] | undefined },
  step?: boolean,
) => void;

export interface Sorting {
  readonly id: SortId;
  readonly desc: boolean;
}

export const NEWEST_FIRST: Sorting = { id: 'opened_at', desc: true };

const SESSION = /^[a-z0-9_-]{1,60}$/i;

/** Reads the address; what is unknown is left out, never an error. */
export function readHistorySearch(raw: Record<string, unknown>): HistorySearch {
  const page = Number(raw.page);
  const size = PAGE_SIZES.find((each) => each === Number(raw.size));
  const open = textOf(raw.open);
  return {
    ...readFilterSearch(raw),
    ...defined({
      sort: writeSort(readSort(textOf(raw.sort))),
      page: Number.isInteger(page) && page > 1 ? page : undefined,
      size: size === PAGE_SIZES[0] ? undefined : size,
      open: SESSION.test(open) ? open : undefined,
    }),
  };
}

/** "-pnl_usd" as { id: "pnl_usd", desc: true }; the newest first for what is no order. */
export function readSort(sort: string | undefined): Sorting {
  const match = /^(-?)(\w+)$/.exec(sort ?? '');
  const id = SORTS.find((each) => each === match?.[2]);
  return id ? { id, desc: match?.[1] === '-' } : NEWEST_FIRST;
}

/** Undefined for the order that needs no words. */
export function writeSort({ id, desc }: Sorting): string | undefined {
  return id === NEWEST_FIRST.id && desc ? undefined : `${desc ? '-' : ''}${id}`;
}

/** Columns whose large values are what one looks for: they begin descending. */
const FROM_THE_TOP: ReadonlySet<SortId> = new Set([
  'opened_at',
  'session_number',
  'weight',
  'weighted_average',
  'pnl_usd',
  'elapsed_sec',
]);

/** The order after a press on a column's head: its own first order, then the other, then the newest first. */
export function nextSort(now: Sorting, id: SortId): Sorting {
  const first = FROM_THE_TOP.has(id);
  if (now.id !== id) return { id, desc: first };
  if (now.desc === first) return { id, desc: !first };
  return NEWEST_FIRST;
}

/** How many pages there are, at least one. */
export function pagesOf(total: number, size: number): number {
  return Math.max(Math.ceil(total / size), 1);
}

/** "51 to 100 of 5,432" needs its ends: the first and last row of a page, both 0 for none. */
export function rowsOfPage(page: number, size: number, total: number): readonly [first: number, last: number] {
  if (total === 0) return [0, 0];
  return [(page - 1) * size + 1, Math.min(page * size, total)];
}
