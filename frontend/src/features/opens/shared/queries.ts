/** What the pages of market opens ask the server for. Events say when to ask anew (live/opens.ts, which knows the keys). */

import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query';
import { api, unwrap } from '@/api/client';
import type { AnswersQuery, HistoryQuery, StatsQuery } from '@/api/marketOpen';
import { useWireStatus } from '@/live/hooks';
import { opensKey } from '@/live/opens';

/** What no event has changed is still asked for anew when a page comes back to it after so long. */
const STALE_MS = 60_000;
/** How often what is shown is asked for while no events come. */
const UNCONNECTED_MS = 10_000;

/** The cards of a date, "2025-10-09"; without one of the present trade date. */
export function todayQuery(date?: string) {
  return queryOptions({
    queryKey: [...opensKey, 'today', date ?? ''],
    staleTime: STALE_MS,
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/market-open/today', { params: { query: date ? { date } : {} }, signal })),
  });
}

/** A session's 12 rows and its audit records. */
export function sessionQuery(sessionId: string) {
  return queryOptions({
    queryKey: [...opensKey, 'session', sessionId],
    staleTime: STALE_MS,
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/market-open/session/{session_id}/symbols', {
          params: { path: { session_id: sessionId } },
          signal,
        }),
      ),
  });
}

/** The prices that graded a row of a session. */
export function pathQuery(sessionId: string, symbol: string) {
  return queryOptions({
    queryKey: [...opensKey, 'path', sessionId, symbol],
    staleTime: STALE_MS,
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/market-open/session/{session_id}/path', {
          params: { path: { session_id: sessionId }, query: { symbol } },
          signal,
        }),
      ),
  });
}

/** Sessions that match, a page of them; the one before stays until the next is there. */
export function historyQuery(query: HistoryQuery) {
  return queryOptions({
    queryKey: [...opensKey, 'history', query],
    staleTime: STALE_MS,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => unwrap(api.GET('/api/market-open/history', { params: { query }, signal })),
  });
}

export function statsQuery(query: StatsQuery) {
  return queryOptions({
    queryKey: [...opensKey, 'stats', query],
    staleTime: STALE_MS,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => unwrap(api.GET('/api/market-open/stats', { params: { query }, signal })),
  });
}

export function insightsQuery(query: StatsQuery) {
  return queryOptions({
    queryKey: [...opensKey, 'insights', query],
    staleTime: STALE_MS,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => unwrap(api.GET('/api/market-open/insights', { params: { query }, signal })),
  });
}

export function answersQuery(query: AnswersQuery) {
  return queryOptions({
    queryKey: [...opensKey, 'answers', query],
    staleTime: STALE_MS,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => unwrap(api.GET('/api/market-open/answers', { params: { query }, signal })),
  });
}

/** How often to ask while the events are not connected; false while they are. */
export function useUnconnectedInterval(): number | false {
  return useWireStatus().state === 'live' ? false : UNCONNECTED_MS;
}

/** The cards of a date, kept true by events. */
export function useToday(date?: string) {
  return useQuery({ ...todayQuery(date), refetchInterval: useUnconnectedInterval() });
}

/** A session, kept true by events. */
export function useSession(sessionId: string) {
  return useQuery({ ...sessionQuery(sessionId), refetchInterval: useUnconnectedInterval() });
}
