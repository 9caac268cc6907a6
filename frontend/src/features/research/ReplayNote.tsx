import { pageNamespace } from '@/shared/namespace';
import classes from './research.module.css';

export const isReplay = (): boolean => pageNamespace() !== '';

/** Files are made of what is live; a replay has ticks of its own and no lake. */
export function ReplayNote({ what }: { what: string }) {
  return (
    <p className={classes.note} role="note" data-testid="replay-has-no-lake">
      A replay has no lake. {what}
    </p>
  );
}
