/** The theoretical trade of a row as it stands: what it is worth now, and where its price is between stop and target. */

import type { SessionRow } from '@/api/marketOpen';
import type { Quote } from '@/live/quote';

/** A row that entered. Prices in points, USD of one contract. */
export interface Trade {
  readonly symbol: string;
  readonly side: 'BUY' | 'SELL';
  readonly entry: number;
  readonly target: number;
  readonly stop: number;
  readonly targetUsd: number;
}

/** The row's trade; null where it did not enter. */
export function tradeOf(row: SessionRow): Trade | null {
  const { entry_side: side, entry_price: entry, target, stop, target_usd: targetUsd } = row;
  if (side === null || entry === null || target === null || stop === null || targetUsd === null) return null;
  return { symbol: row.traded_symbol, side, entry, target, stop, targetUsd };
}

/** The price of a quote that is graded: that at which the trade could be closed, unless the row was graded otherwise. */
export function gradedPrice(quote: Quote, side: Trade['side'], by: SessionRow['grading_price']): number | null {
  if (by === 'last') return quote.last;
  return by === 'bid' || side === 'BUY' ? quote.bid : quote.ask;
}

/** P&L of closing at a price, USD to the cent: what the way to the target is worth, in proportion. */
export function worth({ entry, target, targetUsd }: Trade, price: number): number {
  return Math.round(((price - entry) / (target - entry)) * targetUsd * 100) / 100;
}

/** Where a price is from stop (0) to target (1); what is beyond stays at the end. */
export function placeOf({ stop, target }: Trade, price: number): number {
  return Math.min(Math.max((price - stop) / (target - stop), 0), 1);
}

/** How much of the window is left, 0 to 1. */
export function windowLeft(row: SessionRow, presentMs: number): number {
  const leftMs = Date.parse(row.window_ends_at) - presentMs;
  return Math.min(Math.max(leftMs / (row.evaluation_window_sec * 1000), 0), 1);
}
