/** The reads that fill the board before and between live events. What they bring goes to the stores, not to the cache. */

import { queryOptions } from '@tanstack/react-query';
import { api, unwrap } from '@/api/client';
import { readLatest } from './board';
import type { BoardStore } from './boardStore';
import { readQuote } from './quote';
import type { QuoteStore } from './quoteStore';

export const snapshotKey = ['quotes', 'snapshot'] as const;
export const boardKey = ['quotes', 'board'] as const;
export const seriesKey = ['quotes', 'series'] as const;

export interface Snapshot {
  /** Tracked symbols that have no quote yet. */
  readonly missing: readonly string[];
}

/** Newest quote of every tracked symbol, merged into the store. */
export function snapshotQuery(store: QuoteStore) {
  return queryOptions({
    queryKey: snapshotKey,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }): Promise<Snapshot> => {
      const answer = await unwrap(api.GET('/api/quotes', { signal }));
      for (const record of answer.quotes) {
        const quote = readQuote(record);
        if (quote) store.offer({ id: record.stream_id, quote });
      }
      return { missing: answer.missing };
    },
  });
}

/** Stored sparkline points of every tracked symbol, merged into the store; answers how many symbols have some. */
export function seriesQuery(store: QuoteStore) {
  return queryOptions({
    queryKey: seriesKey,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }): Promise<number> => {
      const { series } = await unwrap(api.GET('/api/quotes/series', { signal }));
      // The client's types flatten the pairs of the schema to lists.
      store.seedSeries(series as Record<string, [number, number][]>);
      return Object.keys(series).length;
    },
  });
}

/** The desk's rows and TOTAL, merged into their store; answers how many rows the desk has. */
export function boardQuery(board: BoardStore) {
  return queryOptions({
    queryKey: boardKey,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }): Promise<number> => {
      const mark = board.mark();
      const answer = readLatest(await unwrap(api.GET('/api/quotes/latest', { signal })));
      board.replace(answer, mark);
      return answer.rows.length;
    },
  });
}
