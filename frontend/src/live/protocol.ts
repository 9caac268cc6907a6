/** The control events of a live stream: what the server says about the stream itself. */

import { parseObject } from './quote';

export interface Hello {
  /** Server time, epoch milliseconds. */
  readonly now: number;
  readonly heartbeatMs: number;
  /** Newest entry of the stream when the connection began; null on an empty stream. */
  readonly lastId: string | null;
}

export const DEFAULT_HEARTBEAT_MS = 10_000;

/** Silence longer than this many heartbeats means that the connection is dead though nobody said so. */
const HEARTBEATS_OF_SILENCE = 2.5;

export function silenceLimitMs(heartbeatMs: number): number {
  return heartbeatMs * HEARTBEATS_OF_SILENCE;
}

/** Server time of a `hello` or `clock` event; null when it cannot be read. */
export function readNow(data: string): number | null {
  const now = parseObject(data)?.now;
  const ms = typeof now === 'string' ? Date.parse(now) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}

/** A `hello`; null when it has no readable time. */
export function readHello(data: string): Hello | null {
  const now = readNow(data);
  if (now === null) return null;
  const fields = parseObject(data) ?? {};
  const seconds = fields.heartbeat_seconds;
  const lastId = fields.last_id;
  return {
    now,
    heartbeatMs: typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : DEFAULT_HEARTBEAT_MS,
    lastId: typeof lastId === 'string' && lastId !== '' ? lastId : null,
  };
}
