import { useWireStatus } from '@/live/hooks';
import type { WireState } from '@/live/wire';
import { CutIcon, LinkedIcon, RetryIcon } from '@/shared/icons';
import { pageNamespace } from '@/shared/namespace';
import classes from './connection.module.css';

const WORDS: Readonly<Record<WireState, string>> = {
  connecting: 'Connecting',
  live: 'Live',
  reconnecting: 'Reconnecting',
  down: 'Offline',
};

const ICONS = { connecting: RetryIcon, live: LinkedIcon, reconnecting: RetryIcon, down: CutIcon } as const;

/** State of the live connection as icon and word; the only thing that is announced by itself. */
export function ConnectionState() {
  const { state } = useWireStatus();
  // The connection to a replay is as good, but nothing there is live.
  const isReplay = pageNamespace() !== '';
  const StateIcon = ICONS[state];
  return (
    <output
      className={classes.state}
      aria-live="polite"
      aria-label="Connection"
      data-testid="connection-state"
      data-state={state}
    >
      <StateIcon />
      <span>{isReplay && state === 'live' ? 'Connected' : WORDS[state]}</span>
    </output>
  );
}
