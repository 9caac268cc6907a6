import { useQuery } from '@tanstack/react-query';
import { statusQuery } from '@/api/queries';
import { useActiveSources, useEverySecond, useWireStatus } from '@/live/hooks';
import type { LiveSession } from '@/live/session';
import { formatAgeLong } from '@/shared/format';
import { WarningIcon } from '@/shared/icons';
import { originNotice } from '@/shared/source';
import classes from './connection.module.css';

/** A reconnection shorter than this is not worth moving the page for. */
const PATIENCE_MS = 1_000;

/** Says on every page that its prices are simulated or recorded. */
export function OriginBanner() {
  const sources = useActiveSources();
  const { data: status } = useQuery(statusQuery);
  const shown = sources.size === 0 && status?.simulated ? ['MOCK'] : sources.keys();
  const notice = originNotice(shown);
  if (!notice) return null;
  return (
    <p className={classes.origin} data-testid="simulated-banner">
      {notice}
    </p>
  );
}

/** Says that the connection is lost and how old the shown quotes are. */
export function DisconnectedBanner() {
  useWireStatus(); // a change of state shows at once, not at the next second
  const text = useEverySecond(disconnection);
  if (text === null) return null;
  return (
    <p className={classes.lost} data-testid="disconnected-banner">
      <WarningIcon />
      <span>{text}</span>
    </p>
  );
}

/** The banner's sentence; null while there is nothing to say. */
function disconnection(session: LiveSession, serverNow: number): string | null {
  const { state, since, reconnects } = session.wire.status();
  const isFirstAttempt = state === 'connecting' && reconnects === 0;
  const lostForMs = serverNow + session.skewMs() - since;
  if (state === 'live' || isFirstAttempt || lostForMs < PATIENCE_MS) return null;
  const newest = session.store.newest();
  if (newest === null) return 'No connection to the quote stream yet; retrying.';
  return `Connection lost; showing the last known quotes, ${formatAgeLong(serverNow - newest)} old; retrying.`;
}
