/** Sessions as the API would give them, for tests of the pages. */

import type { Card, SessionAnswer, SessionRow, TodayAnswer } from '@/api/marketOpen';

/** TOTAL of New York, bought at the open and still running, unless told otherwise. */
export function sessionRow(fields: Partial<SessionRow> = {}): SessionRow {
  return {
    session_id: 'usa-2026-11-20',
    session_number: 42,
    country: 'USA',
    display_name: 'New York',
    symbol: 'TOTAL',
    future: 'TOTAL',
    traded_symbol: 'YM',
    trade_date: '2026-11-20',
    opened_at: '2026-11-20T14:30:00.000000Z',
    captured_at: '2026-11-20T14:30:00.000000Z',
    capture_kind: 'OPEN',
    bhs: 'BUY',
    weight: 5,
    stat_value: null,
    contract_weight: null,
    reason: '',
    quote: null,
    last_price: null,
    net_change: null,
    weighted_average: 1.5,
    sum_weighted: 15,
    instrument_count: 10,
    status: 'PARTIAL 10/11',
    missing: [{ symbol: 'VX', reason: 'stale' }],
    entry_side: 'BUY',
    entry_price: 47388,
    target: 47408,
    stop: 47368,
    exit_price_at_entry: 47380,
    target_usd: 100,
    stop_usd: -100,
    grading_price: 'exit_side',
    evaluation_window_sec: 1800,
    window_ends_at: '2026-11-20T15:00:00.000000Z',
    wndw: 'PENDING',
    target_hit_type: null,
    target_hit_price: null,
    target_hit_at: null,
    pnl_usd: null,
    mark_to_market_usd: null,
    resolution_reason: '',
    resolution_price: null,
    resolution_quality: null,
    resolved_at: null,
    elapsed_sec: null,
    observations: null,
    deciding: null,
    signal_counts: {},
    ...fields,
  } as SessionRow;
}

/** What a touch of the target makes of a row. */
export const WORKED: Partial<SessionRow> = {
  wndw: 'WORKED',
  target_hit_type: 'TARGET',
  target_hit_price: 47408,
  target_hit_at: '2026-11-20T14:33:12.345678Z',
  pnl_usd: 100,
  resolution_reason: 'target touched',
  resolution_price: 47409,
  resolution_quality: 'exact',
  resolved_at: '2026-11-20T14:33:12.345678Z',
  elapsed_sec: 192.345678,
  observations: 1055,
};

export function card(fields: Partial<Card> = {}): Card {
  return {
    country: 'USA',
    display_name: 'New York',
    timezone: 'America/New_York',
    opens_at: '2026-11-20T14:30:00.000000Z',
    closes_at: '2026-11-20T21:00:00.000000Z',
    state: 'captured',
    holiday_name: null,
    session: null,
    missed: null,
    ...fields,
  };
}

export function todayAnswer(markets: Card[], summary: Partial<TodayAnswer['summary']> = {}): TodayAnswer {
  return {
    date: '2026-11-20',
    as_of: '2026-11-20T14:31:00.000000Z',
    markets,
    summary: {
      sessions: 1,
      worked: 0,
      didnt_work: 0,
      expired: 0,
      no_entry: 0,
      error: 0,
      pending: 1,
      missed: 0,
      entries: 1,
      hit_rate: null,
      total_pnl_usd: 0,
      best_market: null,
      ...summary,
    },
  };
}

export function sessionAnswer(rows: SessionRow[]): SessionAnswer {
  const [row = sessionRow()] = rows;
  return {
    session_id: row.session_id,
    session_number: row.session_number,
    country: row.country,
    display_name: row.display_name,
    trade_date: row.trade_date,
    day: 'Friday',
    opened_at: row.opened_at,
    captured_at: row.captured_at,
    capture_kind: row.capture_kind,
    window_ends_at: row.window_ends_at,
    rows,
    audit: [{ number: 7, at: row.captured_at, kind: 'capture', symbol: '', hash: 'ab'.repeat(32) }],
  };
}
