/** Which sessions History and Analytics look at: their part of the page's address, and what the API is asked for it. */

import type { Outcome, StatsQuery } from '@/api/marketOpen';
import { isDate } from '@/shared/dates';
import { defined, textOf } from '@/shared/search';
import { SIGNAL_WORDS, type Signal } from '@/shared/signals';
import { OUTCOME_WORDS } from '../shared/words';

export const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const;
export type Day = (typeof DAYS)[number];

export const OUTCOMES = [
  'WORKED',
  'DIDNT_WORK',
  'EXPIRED',
  'NEUTRAL',
  'ERROR',
  'PENDING',
] as const satisfies readonly Outcome[];
export const SIGNALS = ['STRONG_BUY', 'BUY', 'HOLD', 'SELL', 'STRONG_SELL'] as const satisfies readonly Signal[];
export const KINDS = ['OPEN', 'LATE', 'MANUAL'] as const;
export type Kind = (typeof KINDS)[number];

/** The row of a session that carries the trade. */
export const TOTAL = 'TOTAL';

/** Absent: all. Lists are as `writeList` writes them. */
export interface FilterSearch {
  /** Keys of markets; not "market", which is the header's. */
  readonly markets?: string;
  readonly days?: string;
  /** The first and the last trade date, "2025-10-09". */
  readonly from?: string;
  readonly until?: string;
  readonly outcomes?: string;
  readonly signals?: string;
  readonly kinds?: string;
  /** Whose row of each session; absent: TOTAL. */
  readonly symbol?: string;
}

/** What is chosen. Empty lists and nulls: all. */
export interface FilterChoice {
  readonly markets: readonly string[];
  readonly days: readonly Day[];
  readonly from: string | null;
  readonly until: string | null;
  readonly outcomes: readonly Outcome[];
  readonly signals: readonly Signal[];
  readonly kinds: readonly Kind[];
  readonly symbol: string;
}

const SYMBOL = /^[A-Z0-9][A-Z0-9._-]{0,23}$/;

/** The parts of "USA.Japan"; a point inside a part is "%2E". */
export function readList(text: string | undefined): readonly string[] {
  const parts = (text ?? '').split('.').map((part) => part.replaceAll('%2E', '.').replaceAll('%25', '%'));
  return [...new Set(parts.filter((part) => part !== ''))];
}

/** Undefined for none. */
export function writeList(parts: readonly string[]): string | undefined {
  return parts.map((part) => part.replaceAll('%', '%25').replaceAll('.', '%2E')).join('.') || undefined;
}

/** Those of `known` that are in the list, in their own order. */
function knownIn<T extends string>(known: readonly T[], text: string | undefined): readonly T[] {
  const wanted = readList(text);
  return known.filter((each) => wanted.includes(each));
}

const readDate = (value: string): string | undefined => (isDate(value) ? value : undefined);

/** Reads the address; what is unknown is left out, never an error. */
export function readFilterSearch(raw: Record<string, unknown>): FilterSearch {
  const list = (name: string) => textOf(raw[name]);
  const symbol = list('symbol');
  return defined({
    markets: writeList(readList(list('markets'))),
    days: writeList(knownIn(DAYS, list('days'))),
    from: readDate(list('from')),
    until: readDate(list('until')),
    outcomes: writeList(knownIn(OUTCOMES, list('outcomes'))),
    signals: writeList(knownIn(SIGNALS, list('signals'))),
    kinds: writeList(knownIn(KINDS, list('kinds'))),
    symbol: SYMBOL.test(symbol) && symbol !== TOTAL ? symbol : undefined,
  });
}

export function choiceOf(search: FilterSearch): FilterChoice {
  return {
    markets: readList(search.markets),
    days: knownIn(DAYS, search.days),
    from: search.from ?? null,
    until: search.until ?? null,
    outcomes: knownIn(OUTCOMES, search.outcomes),
    signals: knownIn(SIGNALS, search.signals),
    kinds: knownIn(KINDS, search.kinds),
    symbol: search.symbol ?? TOTAL,
  };
}

/** What a choice does to the address; undefined takes a part out. */
export type FilterChange = { [K in keyof FilterSearch]?: FilterSearch[K] | undefined };

export function changeOf(choice: Partial<FilterChoice>): FilterChange {
  const { from, until, symbol, ...lists } = choice;
  return {
    ...Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, writeList(values)])),
    ...(from !== undefined && { from: from ?? undefined }),
    ...(until !== undefined && { until: until ?? undefined }),
    ...(symbol !== undefined && { symbol: symbol === TOTAL ? undefined : symbol }),
  };
}

const NAMES = ['markets', 'days', 'from', 'until', 'outcomes', 'signals', 'kinds', 'symbol'] as const;

/** Takes every filter out of the address. */
export const NO_FILTERS: FilterChange = Object.fromEntries(NAMES.map((name) => [name, undefined]));

/** The filters as the API wants them. */
export function filtersOf(search: FilterSearch): StatsQuery {
  const { markets, days, from, until, outcomes, signals, kinds, symbol } = choiceOf(search);
  return {
    ...(markets.length > 0 && { market: [...markets] }),
    ...(days.length > 0 && { day_of_week: [...days] }),
    ...(from && { start_date: from }),
    ...(until && { end_date: until }),
    ...(outcomes.length > 0 && { outcome: [...outcomes] }),
    ...(signals.length > 0 && { signal: [...signals] }),
    ...(kinds.length > 0 && { kind: [...kinds] }),
    ...(symbol !== TOTAL && { symbol }),
  };
}

/** How many filters are set. */
export function countFilters(search: FilterSearch): number {
  return NAMES.filter((name) => search[name] !== undefined).length;
}

/** One filter in words; `name`: its part of the address. */
export interface FilterWords {
  readonly name: keyof FilterSearch;
  readonly words: string;
}

const KIND_WORDS: Readonly<Record<Kind, string>> = { OPEN: 'At the open', LATE: 'Late', MANUAL: 'By hand' };

export const kindWord = (kind: Kind): string => KIND_WORDS[kind];

/** What is filtered, in words; nothing for all. `nameOf`: a market's name. */
export function filterWords(choice: FilterChoice, nameOf: (market: string) => string): readonly FilterWords[] {
  const { markets, days, from, until, outcomes, signals, kinds, symbol } = choice;
  const told: readonly (readonly [name: keyof FilterSearch, words: string])[] = [
    ['markets', markets.map(nameOf).join(' or ')],
    ['days', days.join(' or ')],
    ['from', from ? `from ${from}` : ''],
    ['until', until ? `until ${until}` : ''],
    ['outcomes', outcomes.map((each) => OUTCOME_WORDS[each].word).join(' or ')],
    ['signals', signals.map((each) => SIGNAL_WORDS[each].word).join(' or ')],
    ['kinds', kinds.map(kindWord).join(' or ')],
    ['symbol', symbol === TOTAL ? '' : `${symbol} instead of TOTAL`],
  ];
  return told.filter(([, words]) => words !== '').map(([name, words]) => ({ name, words }));
}
