/** The part of Analytics that lives in the address: the filters, and what the questions ask about. */

import { defined, textOf } from '@/shared/search';
import { type FilterSearch, readFilterSearch } from '../history/filters';

export interface AnalyticsSearch extends FilterSearch {
  /** Of the questions: the market and the day, and the two instruments that are compared. */
  readonly qmarket?: string;
  readonly qday?: string;
  readonly a?: string;
  readonly b?: string;
  /** Whose comparisons with the others are shown; absent: ES. */
  readonly of?: string;
}

/** What is asked unless something is chosen (SPEC 8). */
export const ASKED = { qmarket: 'Japan', qday: 'Monday', a: 'ES', b: 'NQ' } as const;

/** Replaces the given parts of the address; undefined takes one out. A `step` is one that "back" leads back from. */
export type OnAnalyticsSearch = (
  change: { [K in keyof AnalyticsSearch]?: AnalyticsSearch[K] | undefined },
  step?: boolean,
) => void;

const SYMBOL = /^[A-Z0-9][A-Z0-9._-]{0,23}$/;
const DAY = /^(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day$/;

/** The two that are compared after one of them was chosen: an instrument is not compared with itself, they change places. */
export function pairOf(before: { a: string; b: string }, name: 'a' | 'b', chosen: string): { a: string; b: string } {
  const other = name === 'a' ? 'b' : 'a';
  const after = { ...before, [name]: chosen };
  return after.a === after.b ? { ...after, [other]: before[name] } : after;
}

/** Reads the address; what is unknown is left out, never an error. */
export function readAnalyticsSearch(raw: Record<string, unknown>): AnalyticsSearch {
  const kept = (name: string, form: RegExp) => (form.test(textOf(raw[name])) ? textOf(raw[name]) : undefined);
  return {
    ...readFilterSearch(raw),
    ...defined({
      qmarket: textOf(raw.qmarket) || undefined,
      qday: kept('qday', DAY),
      a: kept('a', SYMBOL),
      b: kept('b', SYMBOL),
      of: kept('of', SYMBOL),
    }),
  };
}
