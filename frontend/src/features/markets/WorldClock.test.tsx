import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LiveContext } from '@/live/hooks';
import { LiveSession } from '@/live/session';
import { type Answers, answerWith, marketRow, marketsAnswer, stream } from '@/live/testing';
import { MarketStatus } from './MarketStatus';
import { WorldClock } from './WorldClock';

/** Friday, half a minute before New York opens. */
const NOW = Date.UTC(2026, 10, 20, 14, 29, 30);
const OPENS = '2026-11-20T14:30:00.000000Z';
const CLOSES = '2026-11-20T21:00:00.000000Z';

const USA = marketRow({ phase: 'PRE_MARKET', next_transition_at: OPENS, next_transition_type: 'OPEN' });
const JAPAN = marketRow({
  country: 'Japan',
  display_name: 'Tokyo',
  region: 'Asia',
  timezone: 'Asia/Tokyo',
  currency: 'JPY',
  position: 1,
  is_holiday: true,
  holiday_name: 'Labor Thanksgiving Day',
  next_transition_at: '2026-11-24T00:00:00Z',
  next_transition_type: 'OPEN',
});
const MEXICO = marketRow({
  country: 'Mexico',
  display_name: 'Mexico City',
  timezone: 'America/Mexico_City',
  weight: '0.02',
  position: 9,
  status: 'UNKNOWN',
  phase: 'UNKNOWN',
  is_open: null,
});

let answers: Answers;
let asked: string[];
let session: LiveSession;
const choose = vi.fn<(country: string) => void>();

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, shouldAdvanceTime: true });
  vi.spyOn(Math, 'random').mockReturnValue(0);
  answers = { '/api/markets': marketsAnswer(NOW, [USA, MEXICO, JAPAN]) };
  asked = answerWith(answers);
});

afterEach(() => {
  cleanup();
  session.wire.stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function renderClock() {
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  session = new LiveSession({ queryClient, namespace: '' });
  session.wire.start();
  render(
    <MantineProvider>
      <QueryClientProvider client={queryClient}>
        <LiveContext value={session}>
          <MarketStatus chosen="USA" onChoose={choose} />
          <WorldClock chosen="USA" onChoose={choose} />
        </LiveContext>
      </QueryClientProvider>
    </MantineProvider>,
  );
  return screen.findByTestId('markets-table');
}

const text = (testId: string) => screen.getByTestId(testId).textContent;
const passes = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));
const opens = (fields: object = {}) =>
  act(() =>
    stream('/api/quotes/stream').emit('market.open', {
      market: 'USA',
      kind: 'OPEN',
      at: OPENS,
      trade_date: '2026-11-20',
      status: 'OPEN',
      phase: 'OPEN',
      next_transition_at: CLOSES,
      next_transition_type: 'CLOSE',
      ...fields,
    }),
  );

it('lists the markets in the order of the day, each with its state, clock and next transition', async () => {
  await renderClock();
  const rows = screen.getAllByTestId(/^market-(Japan|USA|Mexico)$/).map(({ dataset }) => dataset.testid);
  expect(rows).toEqual(['market-Japan', 'market-USA', 'market-Mexico']);
  expect(text('status-USA')).toBe('Closedpre-market');
  expect(text('next-USA')).toMatch(/^opens in 00:00:(30|29)$/);
  expect(text('time-USA')).toMatch(/^09:29:3\d$/);
  expect(text('time-Japan')).toMatch(/^23:29:3\d$/);
  expect(text('note-Japan')).toBe('Labor Thanksgiving Day');
  expect(text('note-USA')).toBe('USA, USD');
  expect(text('status-Mexico')).toBe('Unknown');
  expect(text('next-Mexico')).toBe('—');
  expect(text('note-Mexico')).toBe('no calendar');
});

it('ticks without asking for anything', async () => {
  await renderClock();
  const before = asked.length;
  await passes(5_000);
  expect(text('time-USA')).toMatch(/^09:29:3[4-6]$/);
  expect(text('next-USA')).toMatch(/^opens in 00:00:2[4-6]$/);
  expect(asked).toHaveLength(before);
});

it('flips a row and its share in the moment in which the event comes', async () => {
  await renderClock();
  await passes(30_500);
  expect(text('status-USA')).toBe('Closedpre-market');
  expect(text('next-USA')).toBe('opening now');
  const before = asked.length;
  opens();
  await waitFor(() => expect(text('status-USA')).toBe('Open'));
  expect(text('next-USA')).toMatch(/^closes in 06:(29|30):/);
  expect(screen.getByTestId('share-Americas').dataset.share).toBe('92.6%');
  expect(screen.getByTestId('market-status').dataset.status).toBe('OPEN');
  expect(text('market-countdown')).toMatch(/^closes in 06:(29|30):/);
  await passes(3_500);
  expect(asked).toHaveLength(before);
});

it('asks once when the event stays away', async () => {
  await renderClock();
  const before = asked.length;
  answers['/api/markets'] = marketsAnswer(NOW + 33_000, [
    { ...USA, status: 'OPEN', phase: 'OPEN', next_transition_at: CLOSES, next_transition_type: 'CLOSE' },
  ]);
  await passes(32_000);
  expect(asked).toHaveLength(before);
  await passes(2_000);
  expect(asked).toHaveLength(before + 1);
  expect(text('status-USA')).toBe('Open');
});

it('asks anew after each connection', async () => {
  await renderClock();
  act(() => stream('/api/quotes/stream').emit('hello', { now: new Date().toISOString() }));
  await waitFor(() => expect(asked.filter((url) => url.includes('/api/markets'))).toHaveLength(2));
});

it('says that it is old when answers fail, and loads after a retry', async () => {
  const answer = answers['/api/markets'];
  const failure = { status: 503, body: { title: 'No calendars', detail: 'Run thor sync_calendars.' } };
  answers['/api/markets'] = failure;
  const shown = renderClock();
  expect((await screen.findByTestId('problem')).textContent).toContain('No calendars: Run thor sync_calendars.');
  if (answer) answers['/api/markets'] = answer;
  fireEvent.click(screen.getByRole('button', { name: 'Retry now' }));
  await shown;
  expect(screen.queryByTestId('markets-stale')).toBeNull();
  answers['/api/markets'] = failure;
  await passes(34_000);
  expect(text('markets-stale')).toBe('as of 14:29:30 UTC; retrying');
});

it('shows a skeleton first, and says when no market is followed', async () => {
  answers['/api/markets'] = marketsAnswer(NOW, []);
  void renderClock().catch(() => undefined);
  expect(screen.getByTestId('markets-skeleton')).toBeTruthy();
  expect((await screen.findByTestId('markets-empty')).textContent).toMatch(/No market is followed/);
});

it('puts a market into the header', async () => {
  await renderClock();
  expect(screen.getByRole('button', { name: 'New York' }).getAttribute('aria-pressed')).toBe('true');
  fireEvent.click(screen.getByRole('button', { name: 'Tokyo' }));
  expect(choose).toHaveBeenLastCalledWith('Japan');
  fireEvent.change(screen.getByRole('combobox', { name: 'Market in the header' }), { target: { value: 'Mexico' } });
  expect(choose).toHaveBeenLastCalledWith('Mexico');
});
