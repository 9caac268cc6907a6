import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { statusQuery } from '@/api/queries';
import { useActiveSources, useEverySecond, useWireStatus } from '@/live/hooks';
import type { LiveSession } from '@/live/session';
import { formatAgeLong } from '@/shared/format';
import { WarningIcon } from '@/shared/icons';
import { pageNamespace } from '@/shared/namespace';
import { originNotice } from '@/shared/source';
import classes from './connection.module.css';

/** A reconnection shorter than this is not worth moving the page for. */
const PATIENCE_MS = 500;

/** Says on every page that its prices are simulated or recorded; in a namespace that is said already, more exactly. */
export function OriginBanner() {
  const sources = useActiveSources();
  const { data: status } = useQuery(statusQuery);
  const shown = sources.size === 0 && status?.simulated ? ['MOCK'] : sources.keys();
  const notice = originNotice(shown);
  if (!notice || pageNamespace() !== '') return null;
  return (
    <p className={classes.origin} data-testid="simulated-banner">
      {notice}
    </p>
  );
}

/** Says that the connection is lost and how old the shown quotes are. */
export function DisconnectedBanner() {
  const { state, reconnects } = useWireStatus();
  const isFirstAttempt = state === 'connecting' && reconnects === 0;
  const isLost = state !== 'live' && !isFirstAttempt;
  const [wasLost] = useDebouncedValue(isLost, PATIENCE_MS);
  const text = useEverySecond(disconnection);
  if (!isLost || !wasLost) return null;
  return (
    <p className={classes.lost} data-testid="disconnected-banner">
      <WarningIcon />
      <span>{text}</span>
    </p>
  );
}

function disconnection({ store }: LiveSession, present: number): string {
  const newest = store.newest();
  if (newest === null) return 'No connection to the quote stream yet; retrying.';
  return `Connection lost; showing the last known quotes, ${formatAgeLong(present - newest)} old; retrying.`;
}
