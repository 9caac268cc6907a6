/** What the desk makes of the quotes: a row per instrument and TOTAL, and the one place where they are read from JSON. */

import type { BoardRowAnswer, Signal, TotalAnswer } from '@/api/board';
import { parseObject } from './quote';

const SIGNALS = ['STRONG_BUY', 'BUY', 'HOLD', 'SELL', 'STRONG_SELL'] as const satisfies readonly Signal[];

const NUMBERS = [
  'stat_value',
  'contract_weight',
  'signal_weight',
  'baseline',
  'change',
  'change_pct',
  'high_52w',
  'low_52w',
  'dist_from_52w_high',
  'dist_from_52w_low',
  'vwap',
  'vwap_distance',
  'vwap_distance_pct',
  'session_high',
  'session_low',
  'session_volume',
  'suspects',
] as const satisfies readonly (keyof BoardRowAnswer)[];
const TEXTS = [
  'trade_date',
  'reason',
  'high_52w_date',
  'low_52w_date',
] as const satisfies readonly (keyof BoardRowAnswer)[];

/** The desk's row of one symbol, named as on the wire; prices in points, null where unknown. */
export interface BoardRow
  extends Readonly<Record<(typeof NUMBERS)[number], number | null>>,
    Readonly<Record<(typeof TEXTS)[number], string | null>> {
  readonly symbol: string;
  /** Up to which instant it knows, epoch milliseconds; null before the first quote. */
  readonly atMs: number | null;
  readonly signal: Signal | null;
  readonly baseline_from: 'settlement' | 'close' | null;
  /** What is wrong with the newest quote: "crossed", "spike". */
  readonly suspect: readonly string[];
}

export interface Missing {
  readonly symbol: string;
  readonly reason: string;
}

export interface Contribution {
  readonly symbol: string;
  readonly signal: Signal | null;
  readonly signal_weight: number | null;
  readonly stat_value: number | null;
  readonly contract_weight: number | null;
  readonly weighted: number | null;
}

export interface Thresholds {
  readonly strong_buy: number;
  readonly buy: number;
  readonly sell: number;
  readonly strong_sell: number;
}

/** The composite over the classified rows. */
export interface Total {
  readonly asOfMs: number | null;
  readonly signal: Signal | null;
  readonly composite_signal_weight: number | null;
  readonly signal_weight_sum: number | null;
  readonly sum_weighted: number | null;
  readonly avg_weighted: number | null;
  readonly count: number;
  /** "LIVE TOTAL", "PARTIAL 9/11", "STALE". */
  readonly status: string;
  readonly missing: readonly Missing[];
  readonly contributions: readonly Contribution[];
  readonly vwap_deviation_pct: number | null;
  readonly thresholds: Thresholds;
}

/** What changed: whole rows, and the total when it did. */
export interface BoardChange {
  readonly rows: readonly BoardRow[];
  readonly total: Total | null;
}

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const numberOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;
const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const signalOf = (value: unknown): Signal | null => SIGNALS.find((each) => each === value) ?? null;

function msOf(value: unknown): number | null {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}

function pick<K extends string, T>(names: readonly K[], from: Json, read: (value: unknown) => T): Record<K, T> {
  return Object.fromEntries(names.map((name) => [name, read(from[name])])) as Record<K, T>;
}

/** A row; null when it has no symbol. */
export function readBoardRow(value: unknown, symbol = isObject(value) ? textOf(value.symbol) : null): BoardRow | null {
  if (!isObject(value) || symbol === null) return null;
  const { baseline_from: from } = value;
  return {
    ...pick(NUMBERS, value, numberOf),
    ...pick(TEXTS, value, textOf),
    symbol,
    atMs: msOf(value.at),
    signal: signalOf(value.signal),
    baseline_from: from === 'settlement' || from === 'close' ? from : null,
    suspect: listOf(value.suspect).filter((each) => typeof each === 'string'),
  };
}

const THRESHOLDS: Thresholds = { strong_buy: 9, buy: 3, sell: -3, strong_sell: -9 };

function readThresholds(value: unknown): Thresholds {
  const given = pick(['strong_buy', 'buy', 'sell', 'strong_sell'], isObject(value) ? value : {}, numberOf);
  return Object.values(given).includes(null) ? THRESHOLDS : (given as unknown as Thresholds);
}

function readMissing(value: unknown): readonly Missing[] {
  const symbol = isObject(value) ? textOf(value.symbol) : null;
  return isObject(value) && symbol ? [{ symbol, reason: textOf(value.reason) ?? 'unknown' }] : [];
}

function readContribution(value: unknown): readonly Contribution[] {
  const symbol = isObject(value) ? textOf(value.symbol) : null;
  if (!isObject(value) || !symbol) return [];
  const numbers = pick(['signal_weight', 'stat_value', 'contract_weight', 'weighted'], value, numberOf);
  return [{ ...numbers, symbol, signal: signalOf(value.signal) }];
}

/** TOTAL; null when there is none. */
export function readTotal(value: unknown): Total | null {
  const status = isObject(value) ? textOf(value.status) : null;
  if (!isObject(value) || status === null) return null;
  const sums = [
    'composite_signal_weight',
    'signal_weight_sum',
    'sum_weighted',
    'avg_weighted',
  ] as const satisfies readonly (keyof TotalAnswer)[];
  return {
    ...pick(sums, value, numberOf),
    asOfMs: msOf(value.as_of),
    signal: signalOf(value.signal),
    count: numberOf(value.count) ?? 0,
    status,
    missing: listOf(value.missing).flatMap(readMissing),
    contributions: listOf(value.contributions).flatMap(readContribution),
    vwap_deviation_pct: numberOf(value.vwap_deviation_pct),
    thresholds: readThresholds(value.thresholds),
  };
}

/** The data of an event `board`; null when it is none. */
export function readBoardEvent(data: string): BoardChange | null {
  const said = parseObject(data);
  if (!said || !Array.isArray(said.rows)) return null;
  return { rows: said.rows.flatMap((row) => readBoardRow(row) ?? []), total: readTotal(said.total) };
}

/** The answer of `/api/quotes/latest`: the desk's row stands in `extended_data`, its symbol beside it. */
export function readLatest(answer: unknown): BoardChange {
  const rows = isObject(answer) ? listOf(answer.rows) : [];
  return { rows: rows.flatMap(readLatestRow), total: isObject(answer) ? readTotal(answer.total) : null };
}

function readLatestRow(row: unknown): readonly BoardRow[] {
  if (!isObject(row) || !isObject(row.instrument)) return [];
  const read = readBoardRow(row.extended_data, textOf(row.instrument.symbol));
  return read ? [read] : [];
}
