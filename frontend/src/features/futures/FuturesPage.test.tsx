import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { useState } from 'react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LiveContext } from '@/live/hooks';
import { LiveSession } from '@/live/session';
import type { BoardSearch } from './boardSearch';
import { FuturesPage } from './FuturesPage';

const NOW = Date.UTC(2026, 10, 20, 15);

const instrument = (symbol: string, name: string, position: number, display_precision = 2) => ({
  symbol,
  name,
  position,
  display_precision,
  is_tracked: true,
});

const INSTRUMENTS = [
  instrument('ZB', '30-year T-bond', 2, 5),
  instrument('ES', 'S&P 500 E-mini', 1),
  instrument('DX', 'US Dollar Index', 3, 3),
];

const quote = (symbol: string, fields: object) => ({
  v: 1,
  symbol,
  ts: new Date(NOW).toISOString(),
  source: 'MOCK',
  stream_id: `${NOW}-0`,
  ...fields,
});

const ES = quote('ES', { last: 5342.25, bid: 5342.5, ask: 5342.25, settlement: 5330, meta: { crossed: true } });
const ZB = quote('ZB', {
  last: 118.15625,
  bid: 118.125,
  ask: 118.15625,
  close: 118.5,
  ts: new Date(NOW - 9_000).toISOString(),
});

type Answer = { status?: number; body: unknown };
let answers: Record<string, Answer>;
let session: LiveSession;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, shouldAdvanceTime: true });
  answers = {
    '/api/instruments': { body: { instruments: INSTRUMENTS } },
    '/api/quotes': { body: { quotes: [ES, ZB], missing: ['DX'], unknown: [] } },
    '/api/quotes/series': {
      body: {
        series: {
          ES: [
            [NOW - 2_000, 5341],
            [NOW - 1_000, 5342],
          ],
        },
      },
    },
  };
  vi.stubGlobal('fetch', async (request: Request) => {
    const { status = 200, body } = answers[new URL(request.url).pathname] ?? { status: 404, body: {} };
    return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
  });
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function Page({ initial }: { initial: BoardSearch }) {
  const [search, setSearch] = useState(initial);
  const onSearch = (change: object) => setSearch((before) => ({ ...before, ...change }));
  return <FuturesPage search={search} onSearch={onSearch} />;
}

function renderPage(initial: BoardSearch = {}) {
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  session = new LiveSession({
    queryClient,
    open: () => ({ addEventListener: () => undefined, close: () => undefined }),
  });
  render(
    <MantineProvider>
      <QueryClientProvider client={queryClient}>
        <LiveContext value={session}>
          <Page initial={initial} />
        </LiveContext>
      </QueryClientProvider>
    </MantineProvider>,
  );
}

const cell = (symbol: string, column: string) => screen.getByTestId(`cell-${symbol}-${column}`).textContent;
const order = () =>
  within(screen.getByTestId('futures-table'))
    .getAllByRole('row')
    .flatMap((row) => row.dataset.symbol ?? []);

it('shows figures with the precision of their instrument, in the order of the watch list', async () => {
  renderPage();
  await waitFor(() => expect(cell('ES', 'last')).toBe('5,342.25'));
  expect(order()).toEqual(['ES', 'ZB', 'DX']);
  expect(cell('ES', 'change')).toBe('▲+12.25');
  expect(cell('ES', 'change_pct')).toBe('+0.23%');
  expect(screen.getByTitle('From the prior settlement 5,330.00')).toBeTruthy();
  expect(cell('ES', 'spread')).toBe('-0.25');
  expect(screen.getByTestId('flag-ES-crossed')).toBeTruthy();
  expect(cell('ZB', 'last')).toBe('118.15625');
  expect(cell('ZB', 'change')).toBe('▼-0.34375');
  expect(screen.getByTitle('From the previous close 118.50000')).toBeTruthy();
});

it('marks what is stale, then dead, and what has no quote', async () => {
  renderPage();
  await waitFor(() => expect(cell('ZB', 'age')).toMatch(/^stale9s$|^stale10s$/));
  expect(screen.queryByTestId('stale-ES')).toBeNull();
  expect(cell('DX', 'age')).toBe('no quote yet');
  expect(cell('DX', 'last')).toBe('—');
  await act(() => vi.advanceTimersByTimeAsync(7_000));
  expect(screen.getByTestId('stale-ES').textContent).toBe('stale');
  expect(screen.getByTestId('row-ES').dataset.freshness).toBe('stale');
  await act(() => vi.advanceTimersByTimeAsync(60_000));
  expect(screen.getByTestId('row-ES').dataset.freshness).toBe('dead');
  expect(cell('ES', 'age')).toMatch(/^stale1m$/);
});

it('sorts by a header and puts the unknown last', async () => {
  renderPage();
  await waitFor(() => expect(cell('ES', 'last')).toBe('5,342.25'));
  fireEvent.click(screen.getByRole('button', { name: /^Last/ }));
  await waitFor(() => expect(order()).toEqual(['ES', 'ZB', 'DX']));
  fireEvent.click(screen.getByRole('button', { name: /^Last/ }));
  await waitFor(() => expect(order()).toEqual(['ZB', 'ES', 'DX']));
  expect(screen.getByRole('columnheader', { name: /^Last/ }).getAttribute('aria-sort')).toBe('ascending');
});

it('filters, says when nothing matches, and clears', async () => {
  renderPage({ q: 'dollar' });
  await waitFor(() => expect(order()).toEqual(['DX']));
  fireEvent.change(screen.getByRole('searchbox'), { target: { value: 'nothing' } });
  expect(screen.getByTestId('futures-no-match').textContent).toContain('“nothing”');
  fireEvent.click(screen.getByRole('button', { name: 'Clear the filter' }));
  expect(order()).toHaveLength(3);
});

it('is driven by the keyboard', async () => {
  renderPage();
  await screen.findByTestId('row-ES');
  const press = (key: string) => fireEvent.keyDown(document.activeElement ?? document.body, { key });
  const focused = () => (document.activeElement as HTMLElement).dataset.symbol;
  press('ArrowDown');
  expect(focused()).toBeUndefined();
  press('j');
  expect(focused()).toBe('ES');
  press('j');
  press('ArrowDown');
  press('ArrowDown');
  expect(focused()).toBe('DX');
  press('k');
  expect(focused()).toBe('ZB');
  press('Home');
  expect(focused()).toBe('ES');
  press('End');
  expect(focused()).toBe('DX');
  press('/');
  expect(document.activeElement).toBe(screen.getByRole('searchbox'));
});

it('shows a failure in the words of the server, and loads after a retry', async () => {
  const body = { title: 'Database unavailable', status: 503, detail: 'No connection on port 5432.' };
  answers['/api/instruments'] = { status: 503, body };
  renderPage();
  expect((await screen.findByTestId('problem')).textContent).toContain(
    'Database unavailable: No connection on port 5432.',
  );
  answers['/api/instruments'] = { body: { instruments: INSTRUMENTS } };
  fireEvent.click(screen.getByRole('button', { name: 'Retry now' }));
  expect(await screen.findByTestId('row-ES')).toBeTruthy();
});

it('says that nothing is tracked', async () => {
  answers['/api/instruments'] = { body: { instruments: [] } };
  renderPage();
  expect((await screen.findByTestId('futures-empty')).textContent).toMatch(/No instrument is tracked/);
});

it('shows a skeleton while instruments load', () => {
  renderPage();
  expect(screen.getByTestId('futures-skeleton')).toBeTruthy();
});
