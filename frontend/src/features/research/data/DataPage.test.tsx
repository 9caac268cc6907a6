import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from '@tanstack/react-router';
import { act, cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import { LiveContext } from '@/live/hooks';
import { LiveSession } from '@/live/session';
import { type Answers, answerWith } from '@/live/testing';
import { DataPage } from './DataPage';
import type { DataSearch } from './dataSearch';

const SUMMARY = { first_date: null, last_date: null, ticks: 0, bytes: 0, files: 0, verified_at: null };
const COVERAGE = { start: '2026-11-16', end: '2026-11-20', symbols: ['YM', 'ES'], days: [], summary: SUMMARY };
const CELL = { symbol: 'ES', state: 'exported', ticks: 12, stored: null, bytes: 9, bars: ['1m'], quality: null };
const FILLED = { ...COVERAGE, days: [{ trade_date: '2026-11-19', cells: [CELL] }] };
const RUN = {
  id: 7,
  kind: 'export',
  title: 'Export, 2026-11-19',
  arguments: {},
  status: 'running',
  done: 3,
  total: 9,
  unit: 'files',
  note: '',
  asked_by: '',
  asked_at: '2026-11-20T00:00:00Z',
  started_at: '2026-11-20T00:00:00Z',
  heard_at: null,
  ended_at: null,
};

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

/** The page in a router of its own, over these answers. */
function show(answers: Answers, search: DataSearch = {}) {
  answerWith({ '/api/history/quality': { body: { rows: [] } }, ...answers });
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const session = new LiveSession({ queryClient });
  const onSearch = vi.fn();
  const rootRoute = createRootRoute({ component: () => <DataPage search={search} onSearch={onSearch} /> });
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
  return { onSearch, queryClient };
}

it('says what to do while there is nothing, and who may not start work', async () => {
  const refusal = 'log in to do this';
  show({ '/api/history/coverage': { body: COVERAGE }, '/api/lake/runs': { body: { runs: [], refusal } } });
  expect((await screen.findByTestId('coverage-empty')).textContent).toContain('thor import_ticks');
  expect((await screen.findByTestId('may-not-start')).textContent).toContain(refusal);
  expect(screen.queryByTestId('start-run')).toBeNull();
});

it('says what the server says when it fails', async () => {
  const body = { title: 'Service Unavailable', detail: 'the database is busy' };
  show({ '/api/history/coverage': { status: 503, body }, '/api/lake/runs': { status: 503, body } });
  await waitFor(() => expect(screen.getAllByTestId('problem').map(({ textContent }) => textContent)).toHaveLength(2));
  expect(screen.getAllByTestId('problem')[0]?.textContent).toContain('the database is busy');
});

it('goes from cell to cell, and shows a run as it goes', async () => {
  const answers = {
    '/api/history/coverage': { body: FILLED },
    '/api/lake/runs': { body: { runs: [RUN], refusal: null } },
  };
  const { onSearch, queryClient } = show(answers, { symbol: 'ES', date: '2026-11-19' });
  const grid = await screen.findByTestId('coverage-grid');
  expect(screen.getByTestId('cell-words').textContent).toBe('ES, Thu, 19 Nov 2026: in the lake, 12 ticks');
  fireEvent.keyDown(grid, { key: 'ArrowUp' });
  expect(onSearch).toHaveBeenLastCalledWith({ symbol: 'YM', date: '2026-11-19' });
  fireEvent.keyDown(document.body, { key: '[' });
  expect(onSearch.mock.lastCall?.[0]).toHaveProperty('end');
  const row = await screen.findByTestId('run-7');
  expect(row.textContent).toContain('3 of 9 files');
  expect(screen.getByRole('button', { name: 'Cancel Export, 2026-11-19' })).toBeTruthy();
  act(() => void queryClient.setQueryData(['lake', 'runs'], { runs: [{ ...RUN, status: 'done' }], refusal: null }));
  await waitFor(() => expect(screen.queryByRole('button', { name: /^Cancel/ })).toBeNull());
});
