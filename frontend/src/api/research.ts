/** The lake: bars of any time, what there is of each trade date, work on it, as the API describes them. */

import { queryOptions } from '@tanstack/react-query';
import { api, ProblemError, unwrap } from './client';
import type { components, paths } from './schema';

type Schemas = components['schemas'];

export type BarAnswer = Schemas['Bar'];
export type BarsAnswer = Schemas['BarsAnswer'];
export type Roll = BarsAnswer['rolls'][number];
export type Timeframe = Schemas['Timeframe'];
export type CoverageAnswer = Schemas['CoverageAnswer'];
export type Cell = Schemas['Cell'];
export type CellState = Cell['state'];
export type QualityRow = Schemas['QualityRow'];
export type LakeRun = Schemas['Run'];
export type RunsAnswer = Schemas['RunsAnswer'];
export type RunBody = Schemas['RunBody'];
export type RunKind = Schemas['RunKind'];

export type BarsQuery = paths['/api/history/bars']['get']['parameters']['query'];

/** The first part of the keys of what work on the lake changes. */
export const lakeKey = ['lake'] as const;
export const runsKey = [...lakeKey, 'runs'] as const;

/** Bars as the page draws them. Raises ProblemError. */
export async function askBars(query: BarsQuery, signal?: AbortSignal): Promise<BarsAnswer> {
  const answer = await unwrap(api.GET('/api/history/bars', { params: { query }, ...(signal && { signal }) }));
  if (typeof answer === 'string') throw new ProblemError('Thor answered a file', 200, 'Bars were asked for as JSON.');
  return answer;
}

/** What there is of the trade dates from one to another, "2025-10-09". */
export function coverageQuery(start: string, end: string) {
  return queryOptions({
    queryKey: [...lakeKey, 'coverage', start, end],
    staleTime: 60_000,
    queryFn: ({ signal }): Promise<CoverageAnswer> =>
      unwrap(api.GET('/api/history/coverage', { params: { query: { start, end } }, signal })),
  });
}

/** How good the ticks of a symbol's trade date are; null where nobody has looked. */
export function qualityQuery(tradeDate: string, symbol: string) {
  return queryOptions({
    queryKey: [...lakeKey, 'quality', tradeDate, symbol],
    staleTime: 60_000,
    queryFn: async ({ signal }): Promise<QualityRow | null> => {
      const query = { trade_date: tradeDate, symbol };
      return (await unwrap(api.GET('/api/history/quality', { params: { query }, signal }))).rows[0] ?? null;
    },
  });
}

/** Work on the lake, newest first. */
export const runsQuery = queryOptions({
  queryKey: runsKey,
  queryFn: ({ signal }): Promise<RunsAnswer> =>
    unwrap(api.GET('/api/lake/runs', { params: { query: { limit: 50 } }, signal })),
});

/** Staff only. */
export function askRun(body: RunBody): Promise<LakeRun> {
  return unwrap(api.POST('/api/lake/runs', { body, headers: tokenHeaders() }));
}

/** Staff only. */
export function cancelRun(id: number): Promise<LakeRun> {
  const params = { path: { run_id: id } };
  return unwrap(api.POST('/api/lake/runs/{run_id}/cancel', { params, headers: tokenHeaders() }));
}

/** What a write must say besides: the cookie that only a page of this site can read. */
function tokenHeaders(): Record<string, string> {
  const token = /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie)?.[1];
  return token ? { 'X-CSRFToken': decodeURIComponent(token) } : {};
}

/** Whose clocks an instrument's exchange keeps, an IANA name. */
export function zoneQuery(symbol: string) {
  return queryOptions({
    queryKey: ['zone', symbol],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }): Promise<string> =>
      (await unwrap(api.GET('/api/session', { params: { query: { symbol } }, signal }))).timezone,
  });
}
