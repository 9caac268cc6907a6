import type { SessionRow } from '@/api/marketOpen';
import { useBoardPart, useEverySecond, useQuote } from '@/live/hooks';
import { freshness } from '@/live/staleness';
import { gradedPrice, type Trade, worth } from './trade';

export interface LiveTrade {
  readonly price: number;
  readonly usd: number;
  /** Why it may not be as it is now: "stale quote", "suspect quote"; null when it is. */
  readonly doubt: string | null;
}

/** What a pending trade is worth by the newest quote; null before there is one with the price that is graded. */
export function useLiveTrade(trade: Trade, gradingPrice: SessionRow['grading_price']): LiveTrade | null {
  const quote = useQuote(trade.symbol)?.quote;
  const isSuspect = useBoardPart(trade.symbol, (row) => (row?.suspect.length ?? 0) > 0);
  const isStale = useEverySecond((_, present) => quote !== undefined && freshness(present - quote.ts) !== 'fresh');
  const price = quote ? gradedPrice(quote, trade.side, gradingPrice) : null;
  if (price === null) return null;
  const doubt = isSuspect ? 'suspect quote' : isStale ? 'stale quote' : null;
  return { price, usd: worth(trade, price), doubt };
}
