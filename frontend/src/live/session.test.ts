import { QueryClient } from '@tanstack/react-query';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type MarketBoard, marketsKey } from './markets';
import { LiveSession, streamUrl } from './session';
import { subscribeSecond } from './ticker';

type Listener = (event: MessageEvent<string>) => void;

let listeners: Map<string, Listener>;
let local: number;

const emit = (type: string, data: object | string, lastEventId = '') =>
  listeners.get(type)?.({
    data: typeof data === 'string' ? data : JSON.stringify(data),
    lastEventId,
  } as MessageEvent<string>);

function connected(queryClient = new QueryClient(), namespace = ''): LiveSession {
  const session = new LiveSession({
    queryClient,
    namespace,
    now: () => local,
    open: () => ({ addEventListener: (type, listener) => void listeners.set(type, listener), close: () => undefined }),
  });
  session.wire.start();
  return session;
}

beforeEach(() => {
  vi.useFakeTimers();
  listeners = new Map();
  local = 1_000_000;
  answer({ alerts: [] });
});

afterEach(() => {
  window.localStorage.clear();
  delete window.__thorWire;
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** What the API answers to anything. */
function answer(body: object): void {
  vi.stubGlobal('fetch', () => Promise.resolve(Response.json(body)));
}

it('asks for the alerts that hold after each connection', async () => {
  const session = connected();
  answer({ alerts: [{ alert: 'no_quotes', severity: 'critical', text: 'silent', at: '2026-11-20T14:30:00Z' }] });
  emit('hello', { now: new Date(local).toISOString(), last_id: '10-0' });
  await vi.waitFor(() => expect(session.alerts.list().map(({ text }) => text)).toEqual(['silent']));
  emit('alert', { alert: 'no_quotes', severity: 'critical', text: 'quotes come again', at: '', ended: true });
  expect(session.alerts.list()).toEqual([]);
});

const quoteAt = (ts: number) => ({ symbol: 'ES', source: 'MOCK', ts, last: 1 });

it('conflates unless the page asks for everything, and resumes after an id', () => {
  expect(streamUrl(null, '')).toBe('/api/quotes/stream?conflate=50ms&events=1&board=1');
  expect(streamUrl('7-1', '?q=es')).toBe('/api/quotes/stream?conflate=50ms&events=1&board=1&since=7-1');
  expect(streamUrl(null, '?conflate=off')).toBe('/api/quotes/stream?events=1&board=1');
  expect(streamUrl('7-1', '?conflate=off')).toBe('/api/quotes/stream?events=1&board=1&since=7-1');
});

it('measures latency by the clock of the server, of what came live only', () => {
  const session = connected();
  const server = local - 5_000; // this machine is 5 s ahead
  emit('hello', { now: new Date(server).toISOString(), last_id: '10-0' });
  expect(session.skewMs()).toBe(5_000);
  expect(session.serverNow()).toBe(server);
  emit('quote', quoteAt(server - 60_000), '10-0');
  expect(session.latency()).toBeNull();
  emit('quote', quoteAt(server - 12), '11-0');
  expect(session.latency()).toEqual({ medianMs: 12, p95Ms: 12, samples: 1 });
});

it('counts what it cannot read and goes on', () => {
  const session = connected();
  emit('quote', '{broken', '1-0');
  emit('quote', { symbol: 'ES' }, '2-0');
  emit('quote', quoteAt(1), '3-0');
  session.store.flush();
  expect(session.unreadable()).toBe(2);
  expect(session.store.get('ES')?.id).toBe('3-0');
});

it('shows browser tests every id, when asked', () => {
  connected();
  expect(window.__thorWire).toBeUndefined();
  window.localStorage.setItem('thor.trace', '1');
  connected();
  emit('hello', { now: new Date(local).toISOString() });
  for (const id of ['1-0', '2-0']) emit('quote', quoteAt(1), id);
  expect(window.__thorWire).toMatchObject({ ids: ['1-0', '2-0'], reconnects: 0, gaps: 0, state: 'live' });
});

const boardAt = (nowMs: number, simulated: boolean, takenMs = local): MarketBoard => ({
  clock: { nowMs, takenMs, simulated, speed: 60 },
  markets: [],
});

it('shows the time of the server, and in a replay the simulated one', () => {
  const queryClient = new QueryClient();
  const live = connected(queryClient);
  emit('hello', { now: new Date(local - 5_000).toISOString() });
  queryClient.setQueryData(marketsKey, boardAt(7, false));
  expect(live.present()).toBe(local - 5_000);
  const replay = connected(queryClient, 'week');
  emit('hello', { now: new Date(local - 5_000).toISOString() });
  queryClient.setQueryData(marketsKey, boardAt(1_000, true));
  local += 2_000;
  expect(replay.present()).toBe(1_000 + 120_000);
});

it('takes the newest quote for the time of a replay whose clock is not known yet', () => {
  const session = connected(new QueryClient(), 'week');
  emit('quote', quoteAt(77_000), '1-0');
  session.store.flush();
  expect(session.present()).toBe(77_000);
});

it('corrects the simulated time with the tick, on the whole page at once', () => {
  const queryClient = new QueryClient();
  const session = connected(queryClient, 'week');
  const leave = subscribeSecond(() => undefined);
  queryClient.setQueryData(marketsKey, boardAt(1_000, true));
  expect(session.present()).toBe(1_000);
  queryClient.setQueryData(marketsKey, boardAt(9_000, true));
  expect(session.present()).toBe(1_000);
  vi.advanceTimersByTime(1_000);
  expect(session.present()).toBe(9_000);
  leave();
});

it('asks for what belongs to its namespace', () => {
  const urls: string[] = [];
  const session = new LiveSession({
    queryClient: new QueryClient(),
    namespace: 'week',
    open: (url) => {
      urls.push(url);
      return { addEventListener: () => undefined, close: () => undefined };
    },
  });
  session.start()();
  expect(urls).toEqual(['/api/quotes/stream?conflate=50ms&events=1&board=1&namespace=week']);
});
