/** The part of the data page that lives in the address: which dates, coloured by what, and the chosen cell. */

import { isDate } from '@/shared/dates';
import { defined, textOf } from '@/shared/search';

export const SPANS = ['year', 'quarter', 'month'] as const;
export type Span = (typeof SPANS)[number];
export const MONTHS: Readonly<Record<Span, number>> = { year: 12, quarter: 3, month: 1 };

export interface DataSearch {
  /** Absent: a year, where it is narrow a quarter. */
  readonly span?: Span;
  /** The last date; absent: today. */
  readonly end?: string;
  /** Absent: by state. */
  readonly by?: 'quality';
  /** The chosen cell. */
  readonly symbol?: string;
  readonly date?: string;
}

/** Replaces the given parts of the address; undefined takes one out. A `step` is one that "back" leads back from. */
export type OnDataSearch = (change: { [K in keyof DataSearch]?: DataSearch[K] | undefined }, step?: boolean) => void;

const SYMBOL = /^[A-Z0-9]{1,24}$/;

/** Reads the address; what is unknown is left out, never an error. */
export function readDataSearch(raw: Record<string, unknown>): DataSearch {
  const [end, symbol, date] = [textOf(raw.end), textOf(raw.symbol), textOf(raw.date)];
  return defined({
    span: SPANS.find((each) => each === raw.span),
    end: isDate(end) ? end : undefined,
    by: raw.by === 'quality' ? raw.by : undefined,
    symbol: SYMBOL.test(symbol) ? symbol : undefined,
    date: isDate(date) ? date : undefined,
  });
}
