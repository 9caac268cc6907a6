import { timeIn } from '@/shared/clockText';
import { WarningIcon } from '@/shared/icons';
import classes from './stale.module.css';

/** Says from when the shown answer is, once a newer one could not be had. */
export function StaleNote({ asOf }: { asOf: string }) {
  return (
    <span className={classes.stale} role="status" data-testid="opens-stale">
      <WarningIcon size={14} />
      {`as of ${timeIn('UTC', Date.parse(asOf))} UTC; retrying`}
    </span>
  );
}
