import { useEverySecond, useWireStatus } from '@/live/hooks';
import { formatLatency, UNKNOWN } from '@/shared/format';
import { pageNamespace } from '@/shared/namespace';
import classes from './connection.module.css';

/** Median time from a quote's own time to its arrival here. */
export function Latency() {
  const { state } = useWireStatus();
  const median = useEverySecond((session) => shownLatency(session.latency()?.medianMs));
  const p95 = useEverySecond((session) => shownLatency(session.latency()?.p95Ms));
  const text = state === 'live' ? median : UNKNOWN;
  // A recorded quote's own time says nothing of the line.
  if (pageNamespace() !== '') return null;
  return (
    <span
      className={classes.latency}
      data-testid="latency"
      title={`Latency, from the quote's time to its arrival here: median ${text}, 95 of 100 within ${p95}`}
    >
      <span className={classes.latencyWord}>latency </span>
      {text}
    </span>
  );
}

export function shownLatency(ms: number | undefined): string {
  return ms === undefined ? UNKNOWN : formatLatency(ms);
}
