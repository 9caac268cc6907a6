import { QueryClient } from '@tanstack/react-query';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LiveSession, streamUrl } from './session';

type Listener = (event: MessageEvent<string>) => void;

let listeners: Map<string, Listener>;
let local: number;

const emit = (type: string, data: object | string, lastEventId = '') =>
  listeners.get(type)?.({
    data: typeof data === 'string' ? data : JSON.stringify(data),
    lastEventId,
  } as MessageEvent<string>);

function connected(): LiveSession {
  const session = new LiveSession({
    queryClient: new QueryClient(),
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
});

afterEach(() => {
  window.localStorage.clear();
  delete window.__thorWire;
  vi.useRealTimers();
});

const quoteAt = (ts: number) => ({ symbol: 'ES', source: 'MOCK', ts, last: 1 });

it('conflates unless the page asks for everything, and resumes after an id', () => {
  expect(streamUrl(null, '')).toBe('/api/quotes/stream?conflate=50ms');
  expect(streamUrl('7-1', '?q=es')).toBe('/api/quotes/stream?conflate=50ms&since=7-1');
  expect(streamUrl(null, '?conflate=off')).toBe('/api/quotes/stream');
  expect(streamUrl('7-1', '?conflate=off')).toBe('/api/quotes/stream?since=7-1');
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
