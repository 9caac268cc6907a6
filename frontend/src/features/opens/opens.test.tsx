import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from '@tanstack/react-router';
import { act, cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { PathAnswer } from '@/api/marketOpen';
import { LiveContext } from '@/live/hooks';
import { LiveSession } from '@/live/session';
import { type Answers, answerWith, marketRow, marketsAnswer, stream } from '@/live/testing';
import { SessionPage } from './session/SessionPage';
import { TodayBrief } from './TodayBrief';
import { card, sessionAnswer, sessionRow, todayAnswer, WORKED } from './testing';
import { TodayPage } from './today/TodayPage';

/** A minute after New York opened. */
const NOW = Date.UTC(2026, 10, 20, 14, 31);
const TODAY = '/api/market-open/today';

const TOKYO = card({
  country: 'Japan',
  display_name: 'Tokyo',
  timezone: 'Asia/Tokyo',
  opens_at: '2026-11-20T00:00:00Z',
  state: 'missed',
  missed: { opened_at: '2026-11-20T00:00:00Z', noted_at: '2026-11-20T00:00:06Z', error: 'YM: stale' },
});
const LATER = card({
  country: 'Mexico',
  display_name: 'Mexico City',
  opens_at: '2026-11-20T16:31:00Z',
  state: 'upcoming',
});
const HOLIDAY = card({
  country: 'China',
  display_name: 'Shanghai',
  opens_at: null,
  state: 'holiday',
  holiday_name: 'Golden Week',
});

let answers: Answers;
let asked: string[];
let session: LiveSession;
const changes = vi.fn();

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, shouldAdvanceTime: true });
  vi.spyOn(Math, 'random').mockReturnValue(0);
  changes.mockReset();
  answers = {
    '/api/markets': marketsAnswer(NOW, [
      marketRow({ next_transition_at: '2026-11-20T21:00:00Z', next_transition_type: 'CLOSE' }),
      marketRow({
        country: 'Japan',
        display_name: 'Tokyo',
        timezone: 'Asia/Tokyo',
        next_transition_at: '2026-11-23T00:00:00Z',
        next_transition_type: 'OPEN',
      }),
    ]),
    '/api/instruments': {
      body: { instruments: [{ symbol: 'YM', name: 'Dow', position: 1, display_precision: 0, is_tracked: true }] },
    },
    '/api/quotes': { body: { quotes: [], missing: [], unknown: [] } },
    '/api/quotes/latest': { body: { rows: [], total: null } },
    '/api/alerts': { body: { alerts: [] } },
    [TODAY]: { body: todayAnswer([TOKYO, HOLIDAY, card({ session: sessionRow() }), LATER]) },
    '/api/market-open/session/usa-2026-11-20/symbols': {
      body: sessionAnswer([sessionRow({ symbol: 'YM', future: 'YM' }), sessionRow(WORKED)]),
    },
  };
  asked = answerWith(answers);
});

afterEach(() => {
  cleanup();
  session.wire.stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Draws a page under a router of its own: its links need one. */
async function show(page: React.ReactNode) {
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  session = new LiveSession({ queryClient, namespace: '' });
  session.wire.start();
  const router = createRouter({
    routeTree: createRootRoute({ component: () => page }),
    history: createMemoryHistory(),
  });
  render(
    <MantineProvider>
      <QueryClientProvider client={queryClient}>
        <LiveContext value={session}>
          <RouterProvider router={router as never} />
        </LiveContext>
      </QueryClientProvider>
    </MantineProvider>,
  );
  await act(() => vi.advanceTimersByTimeAsync(50));
}

const text = (testId: string) => screen.getByTestId(testId).textContent;
const count = (path: string) => asked.filter((url) => url.startsWith(path)).length;
const emit = (type: string, data: object, id = '') => act(() => stream('/api/quotes/stream').emit(type, data, id));
const quote = (fields: object, id: number) =>
  emit('quote', { v: 1, symbol: 'YM', source: 'TOS', ts: new Date().toISOString(), ...fields }, `${NOW + id}-0`);
const passes = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));

it('shows each open as it stands: missed with its reason, holiday by name, what is to come with a countdown', async () => {
  await show(<TodayPage search={{}} onSearch={changes} />);
  await screen.findByTestId('open-USA');
  expect(text('missed-Japan')).toBe('YM: stale');
  expect(text('state-China')).toBe('Holiday: Golden Week');
  expect(text('state-Mexico')).toMatch(/^opens in 0(2:00:00|1:59:5\d)$/);
  expect(text('outcome-USA')).toBe('Pending');
  expect(text('status-of-USA')).toBe('PARTIAL 10/11: stale VX');
  expect(text('trade-usa-2026-11-20')).toContain('Buy YM at 47,388spread 8');
  expect(text('window-usa-2026-11-20')).toMatch(/^(29:00|28:5\d) left$/);
  expect(text('opens-date')).toBe('Friday, 20 November 2026');
});

it('values a pending trade at the price that would close it, quote by quote', async () => {
  await show(<TodayPage search={{}} onSearch={changes} />);
  await screen.findByTestId('open-USA');
  quote({ bid: 47395, ask: 47403, last: 47400 }, 1);
  await passes(50);
  expect(text('live-pnl-usa-2026-11-20')).toBe('+$35.00');
  quote({ bid: 47378, ask: 47403, last: 47400 }, 2);
  await passes(50);
  expect(text('live-pnl-usa-2026-11-20')).toBe('-$50.00');
  expect(screen.getByTestId('trade-usa-2026-11-20').textContent).not.toContain('stale');
  await passes(7_000);
  expect(text('trade-usa-2026-11-20')).toContain('bid 47,378 (stale quote)');
});

it('asks anew when an event says that something changed, and not otherwise', async () => {
  await show(<TodayPage search={{}} onSearch={changes} />);
  emit('hello', { now: new Date(NOW).toISOString() });
  await passes(100);
  const before = count(TODAY);
  await passes(30_000);
  expect(count(TODAY)).toBe(before);
  answers[TODAY] = {
    body: todayAnswer([card({ session: sessionRow(WORKED) })], {
      worked: 1,
      pending: 0,
      hit_rate: 1,
      total_pnl_usd: 100,
    }),
  };
  emit('market_open.outcome', { session_id: 'usa-2026-11-20', trade_date: '2026-11-20', symbol: 'TOTAL' });
  await passes(300);
  expect(count(TODAY)).toBe(before + 1);
  expect(text('outcome-USA')).toBe('Worked');
  expect(text('pnl-USA')).toBe('+$100.00');
  expect(text('summary-hit-rate')).toBe('100% of 1');
  emit('market_open.skipped', { session_id: 'usa-2026-11-20', trade_date: '2026-11-20' });
  await passes(2_000);
  expect(count(TODAY)).toBe(before + 1);
});

it('asks by itself while no events come', async () => {
  await show(<TodayPage search={{}} onSearch={changes} />);
  await screen.findByTestId('open-USA');
  const before = count(TODAY);
  await passes(10_500);
  expect(count(TODAY)).toBe(before + 1);
});

it('steps through the weekdays and unfolds the rows, by keyboard', async () => {
  await show(<TodayPage search={{ date: '2026-11-20' }} onSearch={changes} />);
  await screen.findByTestId('open-USA');
  expect(asked).toContain(`${TODAY}?date=2026-11-20`);
  fireEvent.keyDown(document.body, { key: ']' });
  expect(changes).toHaveBeenLastCalledWith({ date: '2026-11-23' }, true);
  fireEvent.keyDown(document.body, { key: '[' });
  expect(changes).toHaveBeenLastCalledWith({ date: '2026-11-19' }, true);
  fireEvent.click(screen.getByRole('button', { name: 'Today' }));
  expect(changes).toHaveBeenLastCalledWith({ date: undefined }, true);
  fireEvent.keyDown(document.body, { key: 'j' });
  expect((document.activeElement as HTMLElement).dataset.open).toBe('USA');
  expect(count('/api/market-open/session')).toBe(0);
  fireEvent.click(document.activeElement as HTMLElement);
  const rows = within(await screen.findByTestId('session-rows'));
  expect(rows.getByTestId('session-row-TOTAL').textContent).toContain('Buy YM 47,388');
  fireEvent.click(screen.getByRole('button', { name: /Hide rows/ }));
  expect(screen.queryByTestId('session-rows')).toBeNull();
});

it('says when nothing opens, and what opens next', async () => {
  answers[TODAY] = { body: { ...todayAnswer([HOLIDAY]), date: '2026-11-21' } };
  await show(<TodayPage search={{}} onSearch={changes} />);
  expect((await screen.findByTestId('opens-empty')).textContent).toMatch(
    /^No market opens on a weekend\. Next: Tokyo in 2d 09:2\d:\d\d, Mon 09:00 there\.$/,
  );
});

it('loads, fails in the words of the server, and keeps the old answer where a newer fails', async () => {
  answers[TODAY] = { status: 422, body: { title: 'Bad date', detail: 'no such date' } };
  await show(<TodayPage search={{}} onSearch={changes} />);
  expect((await screen.findByTestId('problem')).textContent).toContain('Bad date: no such date');
  answers[TODAY] = { body: todayAnswer([card({ session: sessionRow() })]) };
  fireEvent.click(screen.getByRole('button', { name: 'Retry now' }));
  await screen.findByTestId('open-USA');
  answers[TODAY] = { status: 422, body: { title: 'Bad date', detail: 'no such date' } };
  await passes(10_500);
  expect(text('opens-stale')).toContain('as of 14:31:00 UTC');
  expect(screen.getByTestId('open-USA')).toBeTruthy();
});

it('has the day in one line to a market', async () => {
  await show(<TodayBrief />);
  await screen.findByTestId('brief-USA');
  expect(screen.getByTestId('opens-brief').textContent).toContain('1 captured, 1 missed, 1 to come');
  expect(text('brief-USA')).toContain('Buy 47,388');
  expect(text('brief-Japan')).toBe('Tokyo09:00Missed');
});

const PATH: PathAnswer = {
  session_id: 'usa-2026-11-20',
  symbol: 'TOTAL',
  traded_symbol: 'YM',
  entry_side: 'BUY',
  entry_price: 47388,
  target: 47408,
  stop: 47368,
  opened_at: '2026-11-20T14:30:00Z',
  captured_at: '2026-11-20T14:30:00Z',
  window_ends_at: '2026-11-20T15:00:00Z',
  resolved_at: '2026-11-20T14:33:12.345678Z',
  points: [{ ts: '2026-11-20T14:30:01Z', bid: 47380, ask: 47388, last: 47384, graded: 47380 }],
  quotes: [
    {
      ts: '2026-11-20T14:33:12.345678Z',
      bid: 47409,
      ask: 47411,
      last: 47410,
      source: 'TOS',
      seq: 7,
      stream_id: '9-0',
      is_deciding: true,
    },
  ],
  ticks: 1,
};

it('explains a session: the sentence, the quote that decided, the rows with their records', async () => {
  answers['/api/market-open/session/usa-2026-11-20/path'] = { body: PATH };
  await show(<SessionPage sessionId="usa-2026-11-20" search={{}} onSearch={changes} />);
  await waitFor(() => expect(text('deciding-quote')).toBe('decided 09:33:12.34567847,40947,41147,410TOS79-0'));
  expect(text('why')).toContain('touched the target 47,408 first, at 09:33:12.345678, 3 min 12 s after the capture');
  expect(text('session-outcome')).toBe('Worked');
  expect(text('audit')).toContain('ab'.repeat(32));
  expect(text('session-row-YM')).toMatch(/7$/);
  fireEvent.click(screen.getByRole('button', { name: 'YM' }));
  expect(changes).toHaveBeenLastCalledWith({ symbol: 'YM' });
});

it('says that a session does not exist', async () => {
  await show(<SessionPage sessionId="mars-2026-11-20" search={{}} onSearch={changes} />);
  expect((await screen.findByTestId('problem')).textContent).toContain('The session could not be loaded');
});
