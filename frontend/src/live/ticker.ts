/** One timer for everything that is looked at once a second; it stops when nobody looks. */

const PERIOD_MS = 1000;
/** So far into a second: a timer that fires a moment early must not show the second before twice. */
const INTO_MS = 10;

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setTimeout> | undefined;
let ticks = 0;

/** Another number after each tick: what must not change between two is looked up once for each. */
export function tickNumber(): number {
  return ticks;
}

/** Calls at the beginning of every second of this machine's clock, so that clocks turn when the second does. */
export function subscribeSecond(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setTimeout(tick, untilNextSecond());
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearTimeout(timer);
    timer = undefined;
  };
}

function tick(): void {
  timer = setTimeout(tick, untilNextSecond());
  ticks += 1;
  for (const each of listeners) each();
}

function untilNextSecond(): number {
  return PERIOD_MS - ((Date.now() - INTO_MS) % PERIOD_MS);
}
