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
  tick_size: '0.25',
  exchange: 'CME',
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

const at = new Date(NOW).toISOString();
const ROW = {
  at,
  trade_date: '2026-11-20',
  signal: 'STRONG_BUY',
  stat_value: 6,
  contract_weight: 1,
  signal_weight: 2,
  baseline: 5335,
  baseline_from: 'settlement',
  vwap: 5340.5,
  vwap_distance: 1.75,
  vwap_distance_pct: 0.0328,
  high_52w: 6000,
  low_52w: 4000,
  dist_from_52w_low: 1342.25,
  dist_from_52w_high: 657.75,
  session_high: 5350,
  session_low: 5330,
  suspect: [],
  suspects: 0,
};
const TOTAL = {
  signal: 'BUY',
  composite_signal_weight: 1,
  signal_weight_sum: 4,
  sum_weighted: 12.5,
  avg_weighted: 6.25,
  count: 2,
  as_of: at,
  status: 'PARTIAL 2/3',
  missing: [{ symbol: 'DX', reason: 'no baseline' }],
  contributions: [
    { symbol: 'ES', signal: 'STRONG_BUY', signal_weight: 2, stat_value: 6, contract_weight: 1, weighted: 6 },
    { symbol: 'ZB', signal: 'SELL', signal_weight: 1, stat_value: -5, contract_weight: 1, weighted: -5 },
  ],
  vwap_deviation_pct: 0.031,
};
const LATEST = {
  rows: [
    { instrument: { symbol: 'ES' }, extended_data: ROW },
    { instrument: { symbol: 'DX' }, extended_data: { at, signal: null, reason: 'no baseline' } },
  ],
  total: TOTAL,
};

type Answer = { status?: number; body: unknown };
let answers: Record<string, Answer>;
let session: LiveSession;
const listeners = new Map<string, (event: MessageEvent<string>) => void>();
const emit = (type: string, data: object, lastEventId = '') =>
  listeners.get(type)?.({ data: JSON.stringify(data), lastEventId } as MessageEvent<string>);

beforeEach(() => {
  steps = [];
  vi.useFakeTimers({ now: NOW, shouldAdvanceTime: true });
  answers = {
    '/api/instruments': { body: { instruments: INSTRUMENTS } },
    '/api/quotes': { body: { quotes: [ES, ZB], missing: ['DX'], unknown: [] } },
    '/api/quotes/latest': { body: LATEST },
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

/** What the page has written into its address, and whether each was a step for "back". */
let address: BoardSearch;
let steps: boolean[];

function Page({ initial }: { initial: BoardSearch }) {
  const [search, setSearch] = useState(initial);
  const onSearch = (change: object, step = false) => {
    steps.push(step);
    setSearch((before) => ({ ...before, ...change }) as BoardSearch);
  };
  address = search;
  return <FuturesPage search={search} onSearch={onSearch} />;
}

function renderPage(initial: BoardSearch = {}) {
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  session = new LiveSession({
    queryClient,
    open: () => ({ addEventListener: (type, listener) => void listeners.set(type, listener), close: () => undefined }),
  });
  session.wire.start();
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
  // From what the desk measures from, so that change and signal agree.
  await waitFor(() => expect(cell('ES', 'change')).toBe('▲+7.25'));
  expect(cell('ES', 'change_pct')).toBe('+0.14%');
  expect(screen.getByTitle('From the prior settlement 5,335.00')).toBeTruthy();
  expect(cell('ES', 'spread_ticks')).toBe('-1');
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

it('shows what the desk says beside the quotes, and why there is no signal', async () => {
  renderPage();
  await waitFor(() => expect(screen.getByTestId('signal-ES').textContent).toBe('▲▲Strong buy'));
  expect(screen.getByTestId('signal-DX').textContent).toBe('no baseline');
  expect(screen.getByTestId('signal-ZB').textContent).toBe('—');
  expect(cell('ES', 'vwap_distance')).toBe('+1.75');
  const range = within(screen.getByTestId('cell-ES-day_range')).getByRole('img').getAttribute('aria-label');
  expect(range).toBe('Day range: 5,330.00 to 5,350.00, last at 61%, VWAP 5,340.50');
  const year = within(screen.getByTestId('cell-ES-year_range')).getByRole('img').getAttribute('aria-label');
  expect(year).toBe('52 weeks: 4,000.00 to 6,000.00, last at 67%');
});

it('moves with the events of the desk, and marks a suspect quote', async () => {
  renderPage();
  await waitFor(() => expect(screen.getByTestId('signal-ES').textContent).toContain('Strong buy'));
  const row = { ...ROW, symbol: 'ES', signal: 'HOLD', suspect: ['crossed'], suspects: 3 };
  act(() => emit('board', { at, rows: [row] }));
  await waitFor(() => expect(screen.getByTestId('signal-ES').textContent).toBe('■Hold'));
  expect(screen.getByTestId('suspect-ES').title).toMatch(/the bid is above the ask.*Suspect on this trade date: 3/);
});

it('shows TOTAL, and on demand what each instrument contributes', async () => {
  renderPage();
  expect((await screen.findByTestId('total-signal')).textContent).toBe('▲Buy');
  expect(screen.getByTestId('total-sum').textContent).toBe('+4');
  expect(screen.getByTestId('total-avg').textContent).toBe('6.250');
  expect(screen.getByTestId('total-status').textContent).toBe('PARTIAL 2/3');
  expect(screen.getByTestId('total-missing').textContent).toBe('no baseline DX');
  expect(screen.queryByTestId('contributions')).toBeNull();
  fireEvent.click(screen.getByRole('button', { name: /TOTAL/ }));
  expect(screen.getByTestId('contribution-ES').textContent).toContain('+2');
  expect(screen.getByTestId('contribution-ZB').textContent).toContain('bear');
  expect(screen.getByTestId('contribution-DX').textContent).toContain('left out');
});

it('says when the desk is silent while quotes come', async () => {
  renderPage();
  await screen.findByTestId('total');
  const quotes = async (seconds: number) => {
    for (let i = 0; i < seconds; i += 1) {
      act(() => emit('quote', { ...ES, ts: Date.now() }, `${Date.now()}-5`));
      await act(() => vi.advanceTimersByTimeAsync(1_000));
    }
  };
  await quotes(8);
  expect(screen.queryByTestId('desk-silent')).toBeNull();
  await quotes(5);
  expect(screen.getByTestId('desk-silent').textContent).toContain('The desk does not answer');
  act(() => emit('board', { at, rows: [] }));
  await quotes(1);
  expect(screen.queryByTestId('desk-silent')).toBeNull();
});

it('has three views of the same instruments, by key and in the address', async () => {
  renderPage({ q: 'e', sort: 'last' });
  await screen.findByTestId('futures-table');
  fireEvent.keyDown(document.body, { key: 'v' });
  expect(address.view).toBe('cards');
  const cards = within(screen.getByTestId('futures-cards'));
  await waitFor(() =>
    expect(cards.getAllByRole('listitem').map((each) => each.dataset.symbol)).toEqual(['ZB', 'ES', 'DX']),
  );
  expect(cell('ES', 'vwap')).toBe('5,340.50');
  expect(screen.getByTestId('row-ES').textContent).toContain('from settlement');
  fireEvent.keyDown(document.body, { key: 'v' });
  const heat = screen.getByTestId('futures-heatmap');
  expect(within(heat).getByTestId('row-ES').dataset.level).toBe('2');
  expect(within(heat).getByTestId('row-DX').dataset.level).toBe('none');
  fireEvent.click(screen.getByRole('button', { name: 'Change' }));
  expect(within(heat).getByTestId('row-ES').dataset.level).toBe('1');
  expect(address.heat).toBe('change');
  fireEvent.keyDown(document.body, { key: 'v' });
  expect(address.view).toBeUndefined();
  expect(steps.filter((step) => step)).toHaveLength(3);
});

it('chooses columns by keyboard, keeps them in the address, and goes back to what fits', async () => {
  renderPage();
  await screen.findByTestId('row-ES');
  const headers = () => screen.getAllByRole('columnheader').map(({ dataset }) => dataset.column);
  expect(headers()).not.toContain('settlement');
  fireEvent.keyDown(document.body, { key: 'c' });
  const menu = within(screen.getByTestId('column-chooser'));
  expect(document.activeElement).toBe(menu.getByRole('checkbox', { name: 'Signal' }));
  fireEvent.keyDown(document.activeElement as Element, { key: 'ArrowDown' });
  expect(document.activeElement).toBe(menu.getByRole('checkbox', { name: 'Last' }));
  fireEvent.click(menu.getByRole('checkbox', { name: 'Settlement' }));
  fireEvent.click(menu.getByRole('checkbox', { name: 'Signal' }));
  expect(headers()).toContain('settlement');
  expect(headers()).not.toContain('signal');
  expect(address.cols?.split('.')).toEqual(headers());
  expect(cell('ES', 'settlement')).toBe('5,330.00');
  fireEvent.click(menu.getByRole('button', { name: /^Reset/ }));
  expect(address.cols).toBeUndefined();
  expect(headers()).toContain('signal');
  fireEvent.keyDown(menu.getByRole('checkbox', { name: 'Last' }), { key: 'Escape' });
  expect(screen.queryByTestId('column-chooser')).toBeNull();
  expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Columns' }));
});

it('opens an instrument, steps through the others, and closes it again', async () => {
  renderPage();
  await screen.findByTestId('row-ES');
  const press = (key: string) => fireEvent.keyDown(document.activeElement ?? document.body, { key });
  press('j');
  press('Enter');
  expect(address.symbol).toBe('ES');
  expect(steps.at(-1)).toBe(true);
  expect((await screen.findByTestId('panel')).dataset.panelOf).toBe('ES');
  expect(screen.getByTestId('panel-last').textContent).toBe('5,342.25');
  press('j');
  expect(address.symbol).toBe('ZB');
  expect(steps.at(-1)).toBe(false);
  press('ArrowLeft');
  expect(address.symbol).toBe('ES');
  press('ArrowRight');
  expect(address.symbol).toBe('ZB');
  fireEvent.keyDown(screen.getByTestId('panel'), { key: 'ArrowRight' });
  expect(address.symbol).toBe('DX');
  fireEvent.keyDown(screen.getByTestId('panel'), { key: 'ArrowRight' });
  expect(address.symbol).toBe('ES');
  fireEvent.keyDown(screen.getByTestId('panel'), { key: 'Escape' });
  expect(address.symbol).toBeUndefined();
  expect(document.activeElement).toBe(screen.getByTestId('row-ES'));
  fireEvent.click(screen.getByTestId('cell-ZB-last'));
  expect(address.symbol).toBe('ZB');
  press('Escape');
  expect(address.symbol).toBeUndefined();
});

it('says that an instrument of the address is not tracked', async () => {
  renderPage({ symbol: 'XX' });
  expect((await screen.findByTestId('panel-unknown')).textContent).toContain('No instrument XX');
});

it('says when the desk’s figures cannot be loaded, and shows the quotes all the same', async () => {
  answers['/api/quotes/latest'] = { status: 503, body: { title: 'No desk', detail: 'The bus is away.' } };
  renderPage();
  expect((await screen.findByTestId('problem')).textContent).toContain('No desk: The bus is away.');
  await waitFor(() => expect(cell('ES', 'last')).toBe('5,342.25'));
});
