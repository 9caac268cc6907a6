import { QueryClient } from '@tanstack/react-query';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { concerns, OpensRefresher, readOpenEvent } from './opens';

const OUTCOME = JSON.stringify({ session_id: 'usa-2025-10-09', trade_date: '2025-10-09', symbol: 'TOTAL' });

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

it('reads which session and date an event is about', () => {
  expect(readOpenEvent(OUTCOME)).toEqual({ sessionId: 'usa-2025-10-09', tradeDate: '2025-10-09' });
  expect(readOpenEvent('{"country": "USA"}')).toEqual({ sessionId: null, tradeDate: null });
  expect(readOpenEvent('no JSON')).toBeNull();
});

it('concerns the session, its day and what is made of all sessions, and nothing else', () => {
  const event = { sessionId: 'usa-2025-10-09', tradeDate: '2025-10-09' };
  const touched = (...key: unknown[]) => concerns(event, ['market-open', ...key]);
  expect(touched('session', 'usa-2025-10-09')).toBe(true);
  expect(touched('path', 'usa-2025-10-09', 'ES')).toBe(true);
  expect(touched('session', 'japan-2025-10-09')).toBe(false);
  expect([touched('today', ''), touched('today', '2025-10-09'), touched('today', '2025-10-08')]).toEqual([
    true,
    true,
    false,
  ]);
  expect([touched('stats', {}), touched('history', {}), touched('pending', 'TOTAL')]).toEqual([true, true, true]);
  expect(concerns(event, ['markets'])).toBe(false);
});

it('asks once for what comes together, and once a second at most', async () => {
  const queryClient = new QueryClient();
  const ask = vi.spyOn(queryClient, 'invalidateQueries');
  const refresher = new OpensRefresher(queryClient, Date.now);
  for (let i = 0; i < 12; i += 1) expect(refresher.take(OUTCOME)).toBe(true);
  expect(refresher.take('{')).toBe(false);
  await vi.advanceTimersByTimeAsync(100);
  expect(ask).toHaveBeenCalledTimes(1);
  refresher.take(OUTCOME);
  await vi.advanceTimersByTimeAsync(900);
  expect(ask).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(100);
  expect(ask).toHaveBeenCalledTimes(2);
});
