/**
 * One live connection to the server: an EventSource with its own reconnection.
 *
 * The browser's EventSource retries network errors only, at a fixed pace, and gives up for good on an HTTP error.
 * This one treats every end alike: it closes, waits with backoff and full jitter, and resumes after the last id it
 * has seen (`?since=`). It also notices a connection that is silent without having ended.
 */

import { backoffDelayMs } from './backoff';
import { DEFAULT_HEARTBEAT_MS, readHello, readNow, silenceLimitMs } from './protocol';
import { compareStreamIds } from './streamId';

/**
 * connecting: never connected yet; live: events arrive; reconnecting: lost, trying again;
 * down: lost, and several attempts in a row failed.
 */
export type WireState = 'connecting' | 'live' | 'reconnecting' | 'down';

export interface WireStatus {
  readonly state: WireState;
  /** When this state began, local epoch milliseconds. */
  readonly since: number;
  readonly reconnects: number;
  readonly gaps: number;
}

/** What the wire needs of an EventSource; the browser's has it. */
export interface Source {
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void;
  close(): void;
}

export type DataHandler = (data: string, id: string, receivedMs: number) => void;

export interface WireOptions {
  /** Address that resumes after `since`, or begins now when it is null. */
  readonly url: (since: string | null) => string;
  readonly open: (url: string) => Source;
  /** Handlers by event name, for the events that carry data. */
  readonly handlers: Readonly<Record<string, DataHandler>>;
  /** Server time and local arrival time, of every hello and clock event. */
  readonly onClock: (serverMs: number, receivedMs: number) => void;
  /** The connection stands (again), or the stream has a hole: what is shown must be fetched anew. */
  readonly onResync: (reason: 'hello' | 'gap') => void;
  /** Local epoch milliseconds. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
}

/** Attempts in a row that must fail before the wire calls itself down (about 15 s). */
const FAILURES_UNTIL_DOWN = 5;
/** A server that greets and hangs up sooner than this keeps the backoff growing; later, the wait starts from the shortest. */
const STABLE_AFTER_MS = 2_000;

export class Wire {
  private source: Source | null = null;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private silenceTimer: ReturnType<typeof setTimeout> | undefined;
  private heartbeatMs = DEFAULT_HEARTBEAT_MS;
  private failures = 0;
  private greetedAt: number | null = null;
  private newestId: string | null = null;
  /** Entries up to this one were already there when the connection began. */
  private backlogEnd: string | null = null;
  private current: WireStatus;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly options: WireOptions) {
    this.current = { state: 'connecting', since: options.now(), reconnects: 0, gaps: 0 };
  }

  start(): void {
    if (!this.source && !this.retryTimer) this.connect();
  }

  stop(): void {
    clearTimeout(this.retryTimer);
    this.retryTimer = undefined;
    this.hangUp();
  }

  /** Tries at once where it would wait: the network or the user is back. */
  wake(): void {
    if (!this.retryTimer) return;
    clearTimeout(this.retryTimer);
    this.retryTimer = undefined;
    this.connect();
  }

  status(): WireStatus {
    return this.current;
  }

  /** Id that a reconnection resumes after. */
  lastId(): string | null {
    return this.newestId;
  }

  /** Whether an entry was waiting on the server when the connection began: its delay says nothing of the line. */
  isBacklog(id: string): boolean {
    return this.backlogEnd !== null && compareStreamIds(id, this.backlogEnd) <= 0;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private connect(): void {
    const source = this.options.open(this.options.url(this.newestId));
    this.source = source;
    // A late event of a source that was given up must not touch its successor.
    const on = (type: string, handle: (data: string, id: string, receivedMs: number) => void) =>
      source.addEventListener(type, (event) => {
        if (this.source !== source) return;
        this.listenForSilence();
        handle(event.data, event.lastEventId, this.options.now());
      });
    on('hello', (data, _id, receivedMs) => this.onHello(data, receivedMs));
    on('clock', (data, _id, receivedMs) => this.onClock(data, receivedMs));
    on('gap', () => this.onGap());
    on('bye', () => {
      // An orderly end: the successor is probably starting already.
      this.failures = 0;
      this.lose();
    });
    for (const [type, handle] of Object.entries(this.options.handlers)) {
      on(type, (data, id, receivedMs) => {
        this.advanceTo(id);
        handle(data, id, receivedMs);
      });
    }
    source.addEventListener('error', () => {
      if (this.source === source) this.lose();
    });
    this.listenForSilence();
  }

  private onHello(data: string, receivedMs: number): void {
    const hello = readHello(data);
    if (!hello) return;
    this.heartbeatMs = hello.heartbeatMs;
    this.backlogEnd = hello.lastId;
    this.newestId ??= hello.lastId;
    this.greetedAt = receivedMs;
    this.listenForSilence();
    this.options.onClock(hello.now, receivedMs);
    this.become('live');
    this.options.onResync('hello');
  }

  private onClock(data: string, receivedMs: number): void {
    const now = readNow(data);
    if (now !== null) this.options.onClock(now, receivedMs);
  }

  private onGap(): void {
    // What was missed is gone for good; asking for it again at the next reconnection would only repeat the gap.
    if (this.backlogEnd) this.advanceTo(this.backlogEnd);
    this.update({ gaps: this.current.gaps + 1 });
    this.options.onResync('gap');
  }

  private advanceTo(id: string): void {
    if (id !== '' && (this.newestId === null || compareStreamIds(id, this.newestId) > 0)) this.newestId = id;
  }

  private lose(): void {
    const wasStable = this.greetedAt !== null && this.options.now() - this.greetedAt >= STABLE_AFTER_MS;
    if (wasStable) this.failures = 0;
    this.hangUp();
    const delay = backoffDelayMs(this.failures, this.options.random());
    this.failures += 1;
    this.update({ reconnects: this.current.reconnects + 1 });
    this.become(this.stateWhenLost());
    this.retryTimer = setTimeout(() => {
      this.retryTimer = undefined;
      this.connect();
    }, delay);
  }

  private stateWhenLost(): WireState {
    if (this.failures >= FAILURES_UNTIL_DOWN) return 'down';
    return this.current.state === 'connecting' ? 'connecting' : this.current.state === 'down' ? 'down' : 'reconnecting';
  }

  private hangUp(): void {
    clearTimeout(this.silenceTimer);
    this.silenceTimer = undefined;
    this.source?.close();
    this.source = null;
    this.greetedAt = null;
  }

  private listenForSilence(): void {
    clearTimeout(this.silenceTimer);
    this.silenceTimer = setTimeout(() => this.lose(), silenceLimitMs(this.heartbeatMs));
  }

  private become(state: WireState): void {
    if (state !== this.current.state) this.update({ state, since: this.options.now() });
  }

  private update(change: Partial<WireStatus>): void {
    this.current = { ...this.current, ...change };
    for (const listener of this.listeners) listener();
  }
}
