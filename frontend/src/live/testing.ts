/** What tests of the app put in place of the server: its streams and its answers. */

import { vi } from 'vitest';
import type { Market } from '@/api/markets';

type Listener = (event: MessageEvent<string>) => void;

/** An EventSource that says what a test tells it to. */
export class FakeSource {
  private readonly listeners = new Map<string, Listener>();

  constructor(readonly url: string) {
    opened.push(this);
  }

  addEventListener(type: string, listener: Listener): void {
    this.listeners.set(type, listener);
  }

  close(): void {
    this.listeners.clear();
  }

  emit(type: string, data: object, lastEventId = ''): void {
    this.listeners.get(type)?.({ data: JSON.stringify(data), lastEventId } as MessageEvent<string>);
  }
}

const opened: FakeSource[] = [];

/** Addresses of the streams opened, oldest first. */
export const streams = (): string[] => opened.map(({ url }) => url);

/** The newest stream whose address begins so. */
export function stream(path: string): FakeSource {
  const found = opened.findLast(({ url }) => url.startsWith(path));
  if (!found) throw new Error(`no stream ${path} was opened`);
  return found;
}

export type Answers = Record<string, { status?: number; body: unknown }>;

/** Answers by path; what is missing is a 404. Returns the addresses asked for, oldest first. */
export function answerWith(answers: Answers): string[] {
  const asked: string[] = [];
  opened.length = 0;
  vi.stubGlobal('EventSource', FakeSource);
  vi.stubGlobal('fetch', async (request: Request) => {
    const url = new URL(request.url);
    asked.push(`${url.pathname}${url.search}`);
    const { status = 200, body } = answers[url.pathname] ?? { status: 404, body: { title: 'Not found', detail: '' } };
    return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
  });
  return asked;
}

/** New York, closed, unless told otherwise. */
export function marketRow(fields: Partial<Market> = {}): Market {
  return {
    country: 'USA',
    display_name: 'New York',
    region: 'Americas',
    timezone: 'America/New_York',
    currency: 'USD',
    position: 8,
    weight: '0.25',
    is_control_market: true,
    status: 'CLOSED',
    phase: 'CLOSED',
    is_open: false,
    resumes_at: null,
    next_transition_at: null,
    next_transition_type: null,
    is_weekend: false,
    is_holiday: false,
    holiday_name: null,
    is_early_close: false,
    trade_date: '2026-11-20',
    ...fields,
  } as Market;
}

export function marketsAnswer(nowMs: number, markets: Market[], clock: object = {}): { body: unknown } {
  return {
    body: {
      now: new Date(nowMs).toISOString(),
      clock: { simulated: false, speed: 1, namespace: '', ...clock },
      markets,
    },
  };
}
