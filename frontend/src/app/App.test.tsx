import { act, cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Answers, answerWith, marketRow, marketsAnswer, stream, streams } from '@/live/testing';

const NOW = Date.UTC(2026, 10, 20, 15);
const JAPAN = marketRow({ country: 'Japan', display_name: 'Tokyo', timezone: 'Asia/Tokyo', position: 1 });
const USA = marketRow({ status: 'OPEN', phase: 'OPEN', holiday_name: 'Some Day' });
const ES = { symbol: 'ES', name: 'S&P 500 E-mini', position: 1, display_precision: 2, is_tracked: true };

const recorded = Date.UTC(2025, 9, 9, 14, 30, 5);
const REPLAY = {
  namespace: 'week',
  state: 'running',
  from: '2025-10-09T12:00:00Z',
  until: '2025-10-09T22:00:00Z',
  now: new Date(recorded).toISOString(),
  speed: 60,
  rows: 100,
  rows_done: 25,
  sources: ['TOS'],
};

let answers: Answers;
let asked: string[];
let leave: () => void;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, shouldAdvanceTime: true });
  vi.resetModules();
  window.localStorage.clear();
  answers = {
    '/api/markets': marketsAnswer(NOW, [JAPAN, USA]),
    '/api/instruments': { body: { instruments: [ES] } },
    '/api/quotes': { body: { quotes: [], missing: ['ES'], unknown: [] } },
    '/api/quotes/series': { body: { series: {} } },
    '/api/quotes/latest': { body: { rows: [], total: null } },
    '/api/sources': { body: { sources: [] } },
    '/api/replays': { body: { replays: [] } },
  };
  asked = answerWith(answers);
});

afterEach(() => {
  leave();
  cleanup();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** The whole app at an address. It reads some of it while its modules load, as in a browser. */
async function openAt(address: string, shown = 'market-status'): Promise<void> {
  window.history.replaceState(null, '', address);
  const { App } = await import('./App');
  const { unmount } = render(<App />);
  leave = unmount;
  await screen.findByTestId(shown);
}

const address = () => `${window.location.pathname}${window.location.search}`;
const press = (...keys: string[]) => {
  for (const key of keys) fireEvent.keyDown(document.body, { key });
};

it('has the world clock and the futures on Home', async () => {
  await openAt('/');
  expect(address()).toBe('/');
  expect(await screen.findByTestId('market-Japan')).toBeTruthy();
  expect(await screen.findByTestId('row-ES')).toBeTruthy();
  expect(screen.queryByTestId('replays')).toBeNull();
  expect(screen.queryByTestId('namespace-banner')).toBeNull();
  expect(streams().map((url) => url.split('?')[0])).toEqual(['/api/quotes/stream']);
});

it('opens an instrument of Home on its page, and goes back', async () => {
  await openAt('/?q=es');
  fireEvent.click(await screen.findByTestId('cell-ES-last'));
  await waitFor(() => expect(address()).toBe('/futures?q=es&symbol=ES'));
  expect((await screen.findByTestId('panel')).dataset.panelOf).toBe('ES');
  window.history.back();
  await waitFor(() => expect(address()).toBe('/?q=es'));
});

it('lists its keys', async () => {
  await openAt('/futures');
  const help = screen.getByTestId('key-help') as HTMLDialogElement;
  expect(help.open).toBe(false);
  press('?');
  expect(help.open).toBe(true);
  expect(help.textContent).toContain('columns of the table');
});

it('goes from page to page by keys, but not while somebody types', async () => {
  await openAt('/');
  press('g', 'f');
  await waitFor(() => expect(address()).toBe('/futures'));
  expect(screen.getByRole('heading', { level: 1 }).textContent).toBe('Future Trading');
  press('h');
  press('g', 'x', 'h');
  for (const key of ['g', 'h']) fireEvent.keyDown(await screen.findByRole('searchbox'), { key });
  expect(address()).toBe('/futures');
  press('g', 'h');
  await waitFor(() => expect(address()).toBe('/'));
});

it('keeps the chosen market in the address and for the next visit', async () => {
  await openAt('/futures');
  const shown = () => screen.getByTestId('market-status').dataset.market;
  expect(shown()).toBe('USA');
  expect(screen.getByTestId('market-note').textContent).toBe('Some Day');
  fireEvent.change(screen.getByRole('combobox', { name: 'Market in the header' }), { target: { value: 'Japan' } });
  await waitFor(() => expect(address()).toBe('/futures?market=Japan'));
  expect(shown()).toBe('Japan');
  press('g', 'h');
  await waitFor(() => expect(address()).toBe('/?market=Japan'));
  leave();
  vi.resetModules();
  await openAt('/futures');
  expect(shown()).toBe('Japan');
  leave();
  vi.resetModules();
  await openAt('/futures?market=Atlantis');
  expect(shown()).toBe('USA');
});

it('stays in a namespace, says so on every page, and takes its time from the replay', async () => {
  const clock = { simulated: true, speed: 60, namespace: 'week' };
  answers['/api/markets'] = marketsAnswer(recorded, [JAPAN, USA], clock);
  answers['/api/replays'] = { body: { replays: [REPLAY] } };
  const quote = {
    v: 1,
    symbol: 'ES',
    source: 'TOS',
    last: 5000,
    stream_id: '1-0',
    ts: new Date(recorded).toISOString(),
  };
  answers['/api/quotes'] = { body: { quotes: [quote], missing: [], unknown: [] } };
  await openAt('/?namespace=week');
  await waitFor(() =>
    expect(screen.getByTestId('namespace-banner').textContent).toMatch(
      /^Replay week: recorded 9 Oct 2025, at x60, simulated time 9 Oct 2025 14:3\d:\d\d UTC, not live/,
    ),
  );
  expect(screen.getByTestId('time-USA').textContent).toMatch(/^10:3\d:/);
  // Nothing there is live: not the source, not the connection, and a quote is as old as it is in the replay.
  act(() => stream('/api/quotes/stream').emit('hello', { now: new Date(NOW).toISOString() }));
  await waitFor(() => expect(screen.getByTestId('row-ES').dataset.freshness).not.toBe('none'));
  expect(screen.getByTestId('cell-ES-age').textContent).not.toMatch(/[hd]$/);
  expect(screen.getByTestId('source-badge').textContent).toContain('TOS recorded');
  expect(screen.getByTestId('connection-state').textContent).toBe('Connected');
  press('g', 'f');
  await waitFor(() => expect(address()).toBe('/futures?namespace=week'));
  expect(screen.getByTestId('back-to-live').getAttribute('href')).toBe('/');
  expect(asked.filter((url) => !url.includes('namespace=week'))).toEqual([]);
  expect(streams().filter((url) => !url.includes('namespace=week'))).toEqual([]);
});

it('says when there is no such replay', async () => {
  const detail = 'there is no replay weak; /api/replays lists them';
  const refusal = { status: 404, body: { title: 'Not Found', status: 404, detail } };
  for (const path of Object.keys(answers)) answers[path] = refusal;
  await openAt('/?namespace=weak', 'namespace-banner');
  await waitFor(() => expect(screen.getByTestId('namespace-banner').textContent).toContain(`Replay weak: ${detail}`));
  expect(screen.getAllByTestId('problem')[0]?.textContent).toContain(detail);
});

it('lists the replays there are', async () => {
  answers['/api/replays'] = { body: { replays: [REPLAY, { ...REPLAY, namespace: 'old', state: 'ended' }] } };
  await openAt('/');
  const list = within(await screen.findByTestId('replays'));
  expect(list.getByTestId('replay-week').textContent).toBe('week9 Oct 202525% at x60');
  expect(list.getByRole('link', { name: 'week' }).getAttribute('href')).toBe('/?namespace=week');
  expect(list.getByTestId('replay-old').textContent).toMatch(/ended$/);
});

it('shows alerts until they end or are put aside', async () => {
  await openAt('/futures');
  const alert = (name: string, ended = false) =>
    act(() =>
      stream('/api/quotes/stream').emit('alert', {
        alert: name,
        severity: 'warning',
        text: `no quote of ${name}`,
        at: new Date(NOW).toISOString(),
        ended,
      }),
    );
  alert('ES');
  alert('VX');
  expect(screen.getByTestId('alert-ES').textContent).toContain('no quote of ES');
  alert('ES', true);
  expect(screen.queryByTestId('alert-ES')).toBeNull();
  fireEvent.click(screen.getByRole('button', { name: 'Put aside: no quote of VX' }));
  expect(screen.queryByTestId('alert-VX')).toBeNull();
});
