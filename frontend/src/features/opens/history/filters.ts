/** Which sessions History and Analytics look at: their part of the page's address, and what the API is asked for it. */

import type { Signal } from '@/api/board';

/** Days of the week as the API knows them; short in the address. */
export const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const;
export type Day = (typeof DAYS)[number];

export const OUTCOMES = ['WORKED', 'DIDNT_WORK', 'EXPIRED', 'NEUTRAL', 'ERROR', 'PENDING'] as const;
export type Outcome = (typeof OUTCOMES)[number];
export const SIGNALS = ['STRONG_BUY', 'BUY', 'HOLD', 'SELL', 'STRONG_SELL'] as const satisfies readonly Signal[];
export const KINDS = ['OPEN', 'LATE', 'MANUAL'] as const;
export type Kind = (typeof KINDS)[number];

/** The row of a session that carries the trade. */
export const TOTAL = 'TOTAL';

/** Absent: all. Lists are as `writeList` writes them. */
export interface FilterSearch {
  /** Keys of markets; not "market", which is the header's. */
  readonly markets?: string;
  /** "mon.fri". */
  readonly days?: string;
  /** The first and the last trade date, "2025-10-09". */
  readonly from?: string;
  readonly to?: string;
  readonly outcomes?: string;
  readonly signals?: string;
  readonly kinds?: string;
  /** Whose row of each session; absent: TOTAL. */
  readonly of?: string;
}

/** What a filter means. Empty lists and nulls: all. */
export interface Filters {
  readonly markets: readonly string[];
  readonly days: readonly Day[];
  readonly from: string | null;
  readonly to: string | null;
  readonly outcomes: readonly Outcome[];
  readonly signals: readonly Signal[];
  readonly kinds: readonly Kind[];
  readonly symbol: string;
}

const SYMBOL = /^[A-Z0-9][A-Z0-9._-]{0,23}$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

const shortDay = (day: Day): string => day.slice(0, 3).toLowerCase();

/** The router reads what looks like a number as one. */
export const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';

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
function knownIn<T extends string>(known: readonly T[], text: string | undefined, spell = (each: T): string => each) {
  const wanted = readList(text);
  return known.filter((each) => wanted.includes(spell(each)));
}

function readDate(value: string): string | undefined {
  const ms = DATE.test(value) ? Date.parse(`${value}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(value) ? value : undefined;
}

/** Reads the address; what is unknown is left out, never an error. */
export function readFilterSearch(raw: Record<string, unknown>): FilterSearch {
  const list = (name: string) => textOf(raw[name]);
  const symbol = textOf(raw.of);
  return defined({
    markets: writeList(readList(list('markets'))),
    days: writeList(knownIn(DAYS, list('days'), shortDay).map(shortDay)),
    from: readDate(textOf(raw.from)),
    to: readDate(textOf(raw.to)),
    outcomes: writeList(knownIn(OUTCOMES, list('outcomes'))),
    signals: writeList(knownIn(SIGNALS, list('signals'))),
    kinds: writeList(knownIn(KINDS, list('kinds'))),
    of: SYMBOL.test(symbol) && symbol !== TOTAL ? symbol : undefined,
  });
}

/** Without the entries that are undefined. */
export function defined<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

export function filtersOf(search: FilterSearch): Filters {
  return {
    markets: readList(search.markets),
    days: knownIn(DAYS, search.days, shortDay),
    from: search.from ?? null,
    to: search.to ?? null,
    outcomes: knownIn(OUTCOMES, search.outcomes),
    signals: knownIn(SIGNALS, search.signals),
    kinds: knownIn(KINDS, search.kinds),
    symbol: search.of ?? TOTAL,
  };
}

/** What a change of filters does to the address: every part of it, undefined where there is none. */
export function searchOf(change: Partial<Filters>): { [K in keyof FilterSearch]: FilterSearch[K] | undefined } {
  const { markets, days, from, to, outcomes, signals, kinds, symbol } = change;
  return {
    ...(markets && { markets: writeList(markets) }),
    ...(days && { days: writeList(days.map(shortDay)) }),
    ...(from !== undefined && { from: from ?? undefined }),
    ...(to !== undefined && { to: to ?? undefined }),
    ...(outcomes && { outcomes: writeList(outcomes) }),
    ...(signals && { signals: writeList(signals) }),
    ...(kinds && { kinds: writeList(kinds) }),
    ...(symbol !== undefined && { of: symbol === TOTAL ? undefined : symbol }),
  };
}

/** No filter at all, as a change of the address. */
export const NO_FILTERS: { [K in keyof FilterSearch]-?: undefined } = {
  markets: undefined,
  days: undefined,
  from: undefined,
  to: undefined,
  outcomes: undefined,
  signals: undefined,
  kinds: undefined,
  of: undefined,
};

/** The filters as the API's parameters. */
export function filterParams(filters: Filters) {
  const { markets, days, from, to, outcomes, signals, kinds, symbol } = filters;
  return {
    ...(markets.length > 0 && { market: [...markets] }),
    ...(days.length > 0 && { day_of_week: [...days] }),
    ...(from && { start_date: from }),
    ...(to && { end_date: to }),
    ...(outcomes.length > 0 && { outcome: [...outcomes] }),
    ...(signals.length > 0 && { signal: [...signals] }),
    ...(kinds.length > 0 && { kind: [...kinds] }),
    ...(symbol !== TOTAL && { symbol }),
  };
}

/** One filter as it is told: what it is, its words, and how the address gets rid of it. */
export interface FilterWords {
  readonly name: keyof FilterSearch;
  readonly words: string;
}

const OUTCOME_WORDS: Readonly<Record<Outcome, string>> = {
  WORKED: 'Worked',
  DIDNT_WORK: "Didn't work",
  EXPIRED: 'Expired',
  NEUTRAL: 'No entry',
  ERROR: 'Error',
  PENDING: 'Pending',
};
const SIGNAL_WORDS: Readonly<Record<Signal, string>> = {
  STRONG_BUY: 'Strong buy',
  BUY: 'Buy',
  HOLD: 'Hold',
  SELL: 'Sell',
  STRONG_SELL: 'Strong sell',
};
const KIND_WORDS: Readonly<Record<Kind, string>> = { OPEN: 'At the open', LATE: 'Late', MANUAL: 'By hand' };

export const outcomeWord = (outcome: Outcome): string => OUTCOME_WORDS[outcome];
export const signalWord = (signal: Signal): string => SIGNAL_WORDS[signal];
export const kindWord = (kind: Kind): string => KIND_WORDS[kind];

/** What is filtered, in words; nothing for all. `nameOf`: a market's name. */
export function filterWords(filters: Filters, nameOf: (market: string) => string): readonly FilterWords[] {
  const { markets, days, from, to, outcomes, signals, kinds, symbol } = filters;
  const told: readonly (readonly [name: keyof FilterSearch, words: string])[] = [
    ['markets', markets.map(nameOf).join(' or ')],
    ['days', days.join(' or ')],
    ['from', from ? `from ${from}` : ''],
    ['to', to ? `to ${to}` : ''],
    ['outcomes', outcomes.map(outcomeWord).join(' or ')],
    ['signals', signals.map(signalWord).join(' or ')],
    ['kinds', kinds.map(kindWord).join(' or ')],
    ['of', symbol === TOTAL ? '' : `${symbol} instead of TOTAL`],
  ];
  return told.filter(([, words]) => words !== '').map(([name, words]) => ({ name, words }));
}
