import { UNKNOWN } from './format';
import classes from './signal.module.css';
import { reasonTitle, SIGNAL_WORDS, type Signal } from './signals';

interface SignalMarkProps {
  signal: Signal | null;
  /** Why there is none, or why it does not count now. */
  reason: string | null;
  testId: string;
  /** Of a signal that does not count: instead of what the reason says. */
  title?: string;
}

/** A signal as word, icon and colour; without one the reason, calmly. */
export function SignalMark({ signal, reason, testId, title }: SignalMarkProps) {
  if (signal === null) {
    return (
      <span className={classes.none} title={reasonTitle(reason)} data-testid={testId} data-signal="none">
        {reason ?? UNKNOWN}
      </span>
    );
  }
  const { word, icon } = SIGNAL_WORDS[signal];
  return (
    <span
      className={classes.badge}
      title={reason === null ? undefined : (title ?? `Left out of TOTAL: ${reasonTitle(reason)}`)}
      data-signal={signal}
      data-left-out={reason !== null || undefined}
      data-testid={testId}
    >
      <span className={classes.icon} aria-hidden="true">
        {icon}
      </span>
      {word}
    </span>
  );
}
