import type { Alert } from '@/live/alerts';
import { useAlerts, useLive } from '@/live/hooks';
import { timeIn } from '@/shared/clockText';
import { CloseIcon, WarningIcon } from '@/shared/icons';
import classes from './alerts.module.css';

/** So many are shown; the others are counted. */
const MOST = 3;

/** Alerts that hold now, in a corner; each goes when it ends or is put aside. */
export function Alerts() {
  const alerts = useAlerts();
  const more = alerts.length - MOST;
  return (
    // Always there, though empty: a screen reader hears only what comes into a region that it knows.
    <section className={classes.corner} aria-label="Alerts" aria-live="polite" data-testid="alerts">
      {alerts.slice(0, MOST).map((alert) => (
        <AlertCard key={alert.alert} alert={alert} />
      ))}
      {more > 0 && <p className={classes.more}>{`and ${more} more`}</p>}
    </section>
  );
}

const viewerZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

function AlertCard({ alert }: { alert: Alert }) {
  const { alerts } = useLive();
  const { severity, text, atMs } = alert;
  return (
    <div className={classes.alert} data-severity={severity} data-testid={`alert-${alert.alert}`}>
      <WarningIcon />
      <p>
        <strong>{severity === 'critical' ? 'Critical' : 'Warning'}</strong>{' '}
        {!Number.isNaN(atMs) && <time dateTime={new Date(atMs).toISOString()}>{timeIn(viewerZone, atMs)}</time>}
        <br />
        {text}
      </p>
      <button
        type="button"
        aria-label={`Put aside: ${text}`}
        title="Put aside"
        onClick={() => alerts.putAside(alert.alert)}
      >
        <CloseIcon />
      </button>
    </div>
  );
}
