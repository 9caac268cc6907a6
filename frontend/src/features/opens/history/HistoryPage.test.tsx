import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from '@tanstack/react-router';
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LiveContext } from '@/live/hooks';
import { LiveSession } from '@/live/session';
import { HistoryPage } from './HistoryPage';
import type { HistorySearch } from './historySearch';

const SUMMARY = {
  sessions: 1,
  worked: 1,
  didnt_work: 0,
  expired: 0,
  no_entry: 0,
  error: 0,
  pending: 0,
  missed: 0,
  entries: 1,
  hit_rate: 1,
  total_pnl_usd: 100,
  best_market: null,
};
const ROW = {
  session_id: 'usa-2025-10-09',
  session_number: 7,
  country: 'USA',
  display_name: 'New York',
  symbol: 'TOTAL',
  traded_symbol: 'YM',
  trade_date: '2025-10-09',
  day: 'Thursday',
  bhs: 'BUY',
  weight: 4,
  weighted_average: 0.364,
  reason: '',
  entry_side: 'BUY',
  entry_price: 47388,
  target: 47408,
  stop: 47368,
  wndw: 'WORKED',
  pnl_usd: 100,
  resolution_quality: 'gap',
  elapsed_sec: 725,
};
const answer = (rows: object[], total = rows.length) => ({
  rows,
  total,
  page: 1,
  page_size: 50,
  summary: { ...SUMMARY, sessions: total },
  filters: { symbol: 'TOTAL' },
});

let asked: URL[];
let found: { status?: number; body: object };

beforeEach(() => {
  asked = [];
  found = { body: answer([ROW], 120) };
  vi.stubGlobal('fetch', async (request: Request) => {
    const url = new URL(request.url);
    const { status = 200, body } = url.pathname.endsWith('/history')
      ? found
      : { body: { instruments: [], markets: [] } };
    if (url.pathname.endsWith('/history')) asked.push(url);
    return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
  });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

/** The page in a router of its own; answers what it writes into the address. */
function show(search: HistorySearch = {}) {
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const session = new LiveSession({ queryClient });
  const onSearch = vi.fn();
  const rootRoute = createRootRoute({ component: () => <HistoryPage search={search} onSearch={onSearch} /> });
  const router = createRouter({ routeTree: rootRoute, history: createMemoryHistory() });
  render(
    <MantineProvider>
      <QueryClientProvider client={queryClient}>
        <LiveContext value={session}>
          <RouterProvider router={router as never} />
        </LiveContext>
      </QueryClientProvider>
    </MantineProvider>,
  );
  return onSearch;
}

it('shows sessions with what they rest on, sorts, turns the page and unfolds', async () => {
  const onSearch = show({ markets: 'USA', sort: '-pnl_usd' });
  const row = await screen.findByTestId('history-usa-2025-10-09');
  expect(row.textContent).toContain('+$100.00');
  expect(row.textContent).toContain('12 min 5 s');
  expect(screen.getByTestId('summary-hit-rate').textContent).toBe('100% of 1 decided');
  expect(asked[0]?.search).toBe('?market=USA&sort=-pnl_usd&page=1&page_size=50');
  fireEvent.click(screen.getByRole('button', { name: /P&L/ }));
  expect(onSearch).toHaveBeenLastCalledWith({ sort: 'pnl_usd', page: undefined });
  fireEvent.keyDown(document.body, { key: ']' });
  expect(onSearch).toHaveBeenLastCalledWith({ page: 2, open: undefined }, true);
  fireEvent.click(screen.getByRole('button', { name: 'Rows of New York, Thu 2025-10-09' }));
  expect(onSearch).toHaveBeenLastCalledWith({ open: 'usa-2025-10-09' });
  fireEvent.click(screen.getByTestId('filter-markets'));
  expect(onSearch).toHaveBeenLastCalledWith({ page: undefined, open: undefined, markets: undefined }, true);
});

it.each([
  [{}, answer([]), 'history-empty'],
  [{ days: 'Monday' }, answer([]), 'history-no-match'],
  [{ page: 9 }, answer([], 3), 'history-past-end'],
])('says why there is nothing: %o', async (search, body, sign) => {
  found = { body };
  show(search);
  expect(await screen.findByTestId(sign)).toBeDefined();
});

it('says what the server says when it fails', async () => {
  found = { status: 422, body: { title: 'Wrong filter', detail: 'no such instrument: XX' } };
  show({ symbol: 'XX' });
  await waitFor(() => expect(screen.getByTestId('problem').textContent).toContain('no such instrument: XX'));
});
