/** What the panel of an instrument asks the server for. */

import { queryOptions } from '@tanstack/react-query';
import type { MetricAnswer } from '@/api/board';
import { api, unwrap } from '@/api/client';
import { askBars } from '@/api/research';
import type { LinePoint } from '@/shared/chart/bar';
import type { Timeframe } from '../boardSearch';
import { readBars } from './bars';

const EVERY_MS = { intraday: 5_000, rolling: 20_000, minute: 60_000 } as const;

/** As many as the panel can show of a day, or of a month. */
const MOST_BARS = 1_500;

/** Bars of the past, asked for anew each minute: what conflation or a suspect quote did to the live ones is mended. */
export function barsQuery(symbol: string, timeframe: Timeframe) {
  return queryOptions({
    queryKey: ['bars', symbol, timeframe],
    refetchInterval: EVERY_MS.minute,
    queryFn: async ({ signal }) => readBars((await askBars({ symbol, timeframe, limit: MOST_BARS }, signal)).bars),
  });
}

/** A minute is told at its end, and drawn at its bar's beginning. */
const MINUTE_SECONDS = 60;

/** VWAP at the minutes of the trade date. */
export function vwapQuery(symbol: string) {
  return queryOptions({
    queryKey: ['vwap', 'minutes', symbol],
    refetchInterval: EVERY_MS.minute,
    queryFn: async ({ signal }): Promise<LinePoint[]> => {
      const answer = await unwrap(api.GET('/api/vwap/minutes', { params: { query: { symbol } }, signal }));
      return answer.minutes.map(({ ts, vwap }) => ({ time: Date.parse(ts) / 1000 - MINUTE_SECONDS, value: vwap }));
    },
  });
}

export const WINDOWS = [5, 15, 30, 60] as const;

/** VWAP of the past minutes, by the length of the window; null before there is one. */
export function rollingQuery(symbol: string) {
  return queryOptions({
    queryKey: ['vwap', 'rolling', symbol],
    refetchInterval: EVERY_MS.rolling,
    queryFn: ({ signal }) =>
      Promise.all(
        WINDOWS.map(async (window) => {
          const answer = await unwrap(
            api.GET('/api/vwap/rolling', { params: { query: { symbol, window: String(window) } }, signal }),
          );
          return answer.vwap;
        }),
      ),
  });
}

/** How the instrument went in the newest session of each market, the newest first. */
export function intradayQuery(symbol: string) {
  return queryOptions({
    queryKey: ['intraday', symbol],
    refetchInterval: EVERY_MS.intraday,
    queryFn: async ({ signal }): Promise<readonly MetricAnswer[]> =>
      (await unwrap(api.GET('/api/indicators/intraday', { params: { query: { symbol } }, signal }))).rows,
  });
}
