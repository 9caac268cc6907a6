import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Source, Wire, type WireOptions } from './wire';

class FakeSource implements Source {
  closed = false;
  private readonly listeners = new Map<string, (event: MessageEvent<string>) => void>();

  constructor(readonly url: string) {}

  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void {
    this.listeners.set(type, listener);
  }

  close(): void {
    this.closed = true;
  }

  emit(type: string, data = '', lastEventId = ''): void {
    this.listeners.get(type)?.({ data, lastEventId } as MessageEvent<string>);
  }

  hello(lastId: string | null = null, heartbeatSeconds = 10): void {
    const fields = { now: new Date().toISOString(), heartbeat_seconds: heartbeatSeconds, last_id: lastId };
    this.emit('hello', JSON.stringify(fields));
  }
}

let sources: FakeSource[];
let random: number;
let onQuote: ReturnType<typeof vi.fn<(data: string, id: string, receivedMs: number) => void>>;
let onResync: ReturnType<typeof vi.fn<WireOptions['onResync']>>;
let wire: Wire;

const source = (i = -1): FakeSource => {
  const found = sources.at(i);
  if (!found) throw new Error('no connection was opened');
  return found;
};

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 10, 20) });
  sources = [];
  random = 0.5;
  onQuote = vi.fn();
  onResync = vi.fn();
  wire = new Wire({
    url: (since) => `/stream?since=${since ?? ''}`,
    open: (url) => {
      const opened = new FakeSource(url);
      sources.push(opened);
      return opened;
    },
    handlers: { quote: onQuote },
    onClock: () => undefined,
    onResync,
    now: Date.now,
    random: () => random,
  });
  wire.start();
});

afterEach(() => {
  wire.stop();
  vi.useRealTimers();
});

describe('a connection', () => {
  it('is live once it is greeted, and fetches the snapshot', () => {
    expect(wire.status().state).toBe('connecting');
    source().hello('5-0');
    expect(wire.status().state).toBe('live');
    expect(onResync).toHaveBeenCalledExactlyOnceWith('hello');
  });

  it('hands on quotes with their ids', () => {
    source().hello();
    source().emit('quote', '{"a":1}', '7-0');
    expect(onQuote).toHaveBeenCalledExactlyOnceWith('{"a":1}', '7-0', Date.now());
    expect(wire.lastId()).toBe('7-0');
  });

  it('is opened once however often it is started', () => {
    wire.start();
    expect(sources).toHaveLength(1);
  });

  it('knows the entries that waited for it', () => {
    source().hello('5-3');
    expect(wire.isBacklog('5-3')).toBe(true);
    expect(wire.isBacklog('5-4')).toBe(false);
  });
});

describe('a lost connection', () => {
  it('resumes after the newest id, though ids of one batch come unordered', () => {
    source().hello('1-0');
    source().emit('quote', '', '9-1');
    source().emit('quote', '', '9-0');
    source().emit('error');
    expect(source().closed).toBe(true);
    expect(wire.status()).toMatchObject({ state: 'reconnecting', reconnects: 1 });
    vi.advanceTimersByTime(250);
    expect(source().url).toBe('/stream?since=9-1');
    source().hello('20-0');
    expect(wire.status().state).toBe('live');
    expect(wire.isBacklog('15-0')).toBe(true);
    expect(onResync).toHaveBeenCalledTimes(2);
  });

  it('resumes from the greeting when no quote came yet', () => {
    source().hello('4-0');
    source().emit('error');
    vi.advanceTimersByTime(250);
    expect(source().url).toBe('/stream?since=4-0');
  });

  it('waits longer after each failure, and is down after five', () => {
    source().hello();
    vi.advanceTimersByTime(5_000);
    const states = [];
    for (const wait of [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
      source().emit('error');
      states.push(wire.status().state);
      const opened = sources.length;
      vi.advanceTimersByTime(wait - 1);
      expect(sources).toHaveLength(opened);
      vi.advanceTimersByTime(1);
      expect(sources).toHaveLength(opened + 1);
    }
    expect(states).toEqual([...Array(4).fill('reconnecting'), ...Array(4).fill('down')]);
    source().hello();
    expect(wire.status().state).toBe('live');
  });

  it('starts again from the shortest wait after a good connection, but not after a greeting alone', () => {
    for (const wait of [250, 500, 1_000]) {
      source().hello();
      source().emit('error');
      vi.advanceTimersByTime(wait);
    }
    expect(sources).toHaveLength(4);
    source().hello();
    vi.advanceTimersByTime(2_000);
    source().emit('error');
    vi.advanceTimersByTime(250);
    expect(sources).toHaveLength(5);
  });

  it('never calls itself lost before it was ever connected', () => {
    source().emit('error');
    expect(wire.status().state).toBe('connecting');
    for (let i = 0; i < 4; i++) {
      vi.advanceTimersByTime(30_000);
      source().emit('error');
    }
    expect(wire.status().state).toBe('down');
  });

  it('comes back quickly after a bye', () => {
    source().emit('error');
    vi.advanceTimersByTime(250);
    source().hello();
    source().emit('bye', '{"reason":"shutdown"}');
    expect(wire.status().state).toBe('reconnecting');
    vi.advanceTimersByTime(250);
    expect(sources).toHaveLength(3);
  });

  it('tries at once when it is woken, and only then', () => {
    wire.wake();
    expect(sources).toHaveLength(1);
    source().emit('error');
    wire.wake();
    expect(sources).toHaveLength(2);
    vi.advanceTimersByTime(1_000);
    expect(sources).toHaveLength(2);
  });

  it('ignores what a given-up source still says', () => {
    source().hello();
    const old = source();
    old.emit('error');
    old.emit('quote', '', '99-0');
    old.emit('error');
    expect(onQuote).not.toHaveBeenCalled();
    expect(wire.status().reconnects).toBe(1);
  });

  it('stays away once it is stopped', () => {
    source().emit('error');
    wire.stop();
    vi.advanceTimersByTime(60_000);
    expect(sources).toHaveLength(1);
  });
});

describe('silence', () => {
  it('of two and a half heartbeats is a lost connection', () => {
    source().hello(null, 4);
    vi.advanceTimersByTime(9_999);
    source().emit('clock', JSON.stringify({ now: new Date().toISOString() }));
    vi.advanceTimersByTime(9_999);
    expect(wire.status().state).toBe('live');
    vi.advanceTimersByTime(1);
    expect(wire.status().state).toBe('reconnecting');
    expect(source().closed).toBe(true);
  });

  it('counts from the attempt too', () => {
    vi.advanceTimersByTime(25_000);
    expect(wire.status().reconnects).toBe(1);
  });
});

it('fetches anew after a gap and does not ask for the lost part again', () => {
  source().hello('4-0');
  source().emit('error');
  vi.advanceTimersByTime(250);
  source().hello('50-0');
  source().emit('gap', '{"since":"4-0","oldest":"30-0","missed":null}');
  expect(onResync).toHaveBeenLastCalledWith('gap');
  expect(wire.status().gaps).toBe(1);
  source().emit('error');
  vi.advanceTimersByTime(10_000);
  expect(source().url).toBe('/stream?since=50-0');
});

it('tells its listeners until they leave', () => {
  const listener = vi.fn();
  const leave = wire.subscribe(listener);
  source().hello();
  expect(listener).toHaveBeenCalledTimes(1);
  leave();
  source().emit('error');
  expect(listener).toHaveBeenCalledTimes(1);
});
